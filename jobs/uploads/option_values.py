"""Reads what was chosen for reading options: from a form, JSON or a command line, by the type of each option."""

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from jobs.uploads.class_edits import read_class_edits, read_sample_edits
from jobs.uploads.errors import UploadRefused
from jobs.uploads.reading_options import OptionType, ReadingOption

# Gives the value, or raises ValueError with a sentence.
Reader = Callable[[Any], Any]
MOST_COLUMNS, LONGEST = 20, 1_000
_FLAGS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


def readers_of(options: Iterable[ReadingOption], **own: Reader) -> dict[str, Reader]:
    """A reader for each option, by name; `own` are those of options that their type does not describe."""
    return {option.name: own.get(option.name) or _reader_of(option) for option in options}


def read_values(
    data: Mapping[str, Any], readers: Mapping[str, Reader], *, thing: str, code: str, only: bool = False
) -> dict[str, Any]:
    """What `data` chooses of the options that have a reader; None and "" choose nothing.

    Raises UploadRefused (400) with `code` and `fields`; `thing` is what the options are for, in its sentence. Other
    names in `data` are passed over, or refused as well if there may be `only` these options.
    """
    values: dict[str, Any] = {}
    fields: dict[str, list[str]] = {}
    for name, value in data.items():
        if name not in readers:
            if only:
                fields[str(name)[:60]] = [f"There is no such option; the options are {', '.join(readers)}."]
        elif value is not None and value != "":
            try:
                values[name] = readers[name](value)
            except ValueError as error:
                fields[name] = [str(error)]
    if fields:
        raise UploadRefused(f"The options for the {thing} have errors.", code=code, fields=fields)
    return values


def read_text(value: Any) -> str:
    """A name or a word, of 1,000 characters at most."""
    if not isinstance(value, str) or len(value) > LONGEST:
        raise ValueError("This is not a valid choice.")
    return value


def _reader_of(option: ReadingOption) -> Reader:
    match option.type:
        case OptionType.COLUMN:
            return _column
        case OptionType.COLUMNS:
            return _columns
        case OptionType.FLAG:
            return _flag
        case OptionType.ROW:
            return _row
        case OptionType.CLASSES:
            return read_class_edits
        case OptionType.SAMPLES:
            return read_sample_edits
        case OptionType.CHOICE:
            return read_text if option.open else _one_of([value for value, _ in option.choices])


def _column(value: Any) -> str:
    if not isinstance(value, str) or len(value) > LONGEST:
        raise ValueError("Give the name of a column.")
    return value


def _columns(value: Any) -> tuple[str, ...]:
    """A list, or its JSON, as forms send it; a single name otherwise."""
    if isinstance(value, str) and value.lstrip().startswith("["):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            value = [value]
    names = [value] if isinstance(value, str) else value
    if not isinstance(names, list | tuple) or not names or len(names) > MOST_COLUMNS:
        raise ValueError(f"Give the names of columns, 1 to {MOST_COLUMNS}.")
    return tuple(dict.fromkeys(_column(name) for name in names))


def _row(value: Any) -> int:
    text = str(value).strip()
    if isinstance(value, bool) or not (
        text.isascii() and text.isdecimal() and 0 < len(text) < 8 and int(text)
    ):
        raise ValueError("Give the number of a row, 1 or more.")
    return int(text)


def _flag(value: Any) -> bool:
    found = _FLAGS.get(str(value).strip().lower())
    if found is None:
        raise ValueError("Choose true or false.")
    return found


def _one_of(words: list[str]) -> Reader:
    def read(value: Any) -> str:
        if value not in words:
            raise ValueError(f"Choose {' or '.join(words)}.")
        return str(value)

    return read
