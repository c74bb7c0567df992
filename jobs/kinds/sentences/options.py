"""How a user wants a table to be read."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

from jobs.uploads.errors import UploadRefused

# Codecs a spreadsheet may have saved with; a closed list, because Python has codecs that are no text at all.
ENCODINGS = {
    "utf-8": "utf-8", "utf8": "utf-8", "utf-8-sig": "utf-8",
    "utf-16": "utf-16", "utf-16-le": "utf-16-le", "utf-16-be": "utf-16-be",
    "windows-1252": "windows-1252", "cp1252": "windows-1252", "latin-1": "windows-1252", "iso-8859-1": "windows-1252",
    "windows-1250": "cp1250", "cp1250": "cp1250", "windows-1251": "cp1251", "cp1251": "cp1251",
    "windows-1253": "cp1253", "windows-1254": "cp1254", "windows-1255": "cp1255", "windows-1256": "cp1256",
    "windows-1257": "cp1257", "windows-1258": "cp1258", "windows-874": "cp874", "cp874": "cp874", "tis-620": "cp874",
    "koi8-r": "koi8-r", "iso-8859-2": "iso-8859-2", "iso-8859-15": "iso-8859-15", "mac-roman": "mac-roman",
    "gbk": "gb18030", "gb2312": "gb18030", "gb18030": "gb18030", "big5": "big5",
    "shift-jis": "cp932", "shift_jis": "cp932", "cp932": "cp932", "euc-jp": "euc-jp",
    "euc-kr": "cp949", "cp949": "cp949",
}  # fmt: skip
DELIMITERS = {
    ",": ",", ";": ";", "\t": "\t", "|": "|",
    "comma": ",", "semicolon": ";", "tab": "\t", "\\t": "\t", "pipe": "|",
}  # fmt: skip
MISSING = ("leave_out", "keep")
_FLAGS = {
    True: True,
    False: False,
    "true": True,
    "false": False,
    "yes": True,
    "no": False,
    "1": True,
    "0": False,
}


@dataclass(frozen=True, kw_only=True, slots=True)
class TableOptions:
    """Choices for a table; None means: find out. Columns are named as in the header, or "column 1" without one.

    `sheet` is the name of a sheet of a workbook; `missing` says what labels such as "nan" and "null" are: "leave_out"
    (no label, so the row is left out) or "keep" (classes).
    """

    input_column: str | None = None
    label_column: str | None = None
    has_header: bool | None = None
    encoding: str | None = None
    delimiter: str | None = None
    sheet: str | None = None
    missing: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Only what was chosen."""
        return {name: value for name, value in asdict(self).items() if value is not None}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Reads choices; empty strings count as not chosen. Raises UploadRefused (400) with `fields`."""
        fields: dict[str, list[str]] = {}
        values: dict[str, Any] = {}
        for name, value in data.items():
            if name not in _READERS:
                fields[str(name)[:60]] = [f"There is no such option; the options are {', '.join(_READERS)}."]
            elif value is not None and value != "":
                try:
                    values[name] = _READERS[name](value)
                except (ValueError, TypeError, KeyError) as error:
                    fields[name] = [
                        str(error.args[0]) if isinstance(error, ValueError) else "This is not a valid choice."
                    ]
        if fields:
            raise UploadRefused(
                "The options for the table have errors.", code="table_options_invalid", fields=fields
            )
        return cls(**values)


def _column(value: Any) -> str:
    if not isinstance(value, str) or len(value) > 1_000:
        raise ValueError("Give the name of a column.")
    return value


def _flag(value: Any) -> bool:
    key = value.strip().lower() if isinstance(value, str) else value
    if key not in _FLAGS:
        raise ValueError("Choose true or false.")
    return _FLAGS[key]


def _encoding(value: Any) -> str:
    found = ENCODINGS.get(str(value).strip().lower())
    if found is None:
        raise ValueError("Choose an encoding such as utf-8, utf-16, windows-1252 or gbk.")
    return found


def _delimiter(value: Any) -> str:
    text = str(value)
    found = DELIMITERS.get(text) or DELIMITERS.get(text.strip().lower())
    if found is None:
        raise ValueError("Choose comma, semicolon, tab or pipe.")
    return found


def _sheet(value: Any) -> str:
    if not isinstance(value, str) or len(value) > 1_000:
        raise ValueError("Give the name of a sheet.")
    return value


def _missing(value: Any) -> str:
    if value not in MISSING:
        raise ValueError("Choose leave_out or keep.")
    return str(value)


_READERS = {
    "input_column": _column,
    "label_column": _column,
    "has_header": _flag,
    "encoding": _encoding,
    "delimiter": _delimiter,
    "sheet": _sheet,
    "missing": _missing,
}
