"""The zip that Dialogflow ES exports: a file with the phrases of each intent and language."""

import json
import re
from collections.abc import Iterator, Sequence

from jobs.kinds.sentences.formats.annotations.utterances import plain_text
from jobs.kinds.sentences.formats.contract import Meaning, Reader, Source
from jobs.uploads.archive import Archive, Entry

_PHRASES = re.compile(r"(.+)_usersays_[A-Za-z]{2,3}(?:-[A-Za-z]+)?\.json")
_MOST_BYTES = 25 * 1024 * 1024


def find_dialogflow(archive: Archive, files: Sequence[Entry], source: Source) -> Reader | None:
    """The reader of such an export; None if it is none."""
    found = [(entry, match[1]) for entry in files if (match := _PHRASES.fullmatch(entry.parts[-1]))]
    return Phrases(archive, found, source) if found else None


class Phrases:
    """The phrases of all intents, counted in their order."""

    columns: list[str] | None = ["text", "intent"]
    meaning = Meaning(inputs=("text",), label="intent")
    delimiter: str | None = None
    encoding = "utf-8"
    unit = "Phrase"

    def __init__(self, archive: Archive, found: Sequence[tuple[Entry, str]], source: Source) -> None:
        self._archive = archive
        self._found = found
        self._notes = source.notes
        self._told: set[str] = set()
        source.notes.repair(
            "Format", "This is an agent of Dialogflow: each training phrase is a text, its intent the label."
        )

    def records(self) -> Iterator[tuple[int, list[str | None]]]:
        """(number, phrase and intent)."""
        number = 0
        for entry, intent in self._found:
            for phrase in self._phrases(entry):
                text = plain_text(phrase)
                if text:
                    number += 1
                    yield number, [text, intent]

    def _phrases(self, entry: Entry) -> list[object]:
        try:
            found = json.loads(self._archive.read(entry)) if entry.size <= _MOST_BYTES else None
        except (ValueError, RecursionError):
            found = None
        if isinstance(found, list):
            return found
        if entry.where not in self._told:
            self._told.add(entry.where)
            self._notes.warn(entry.where, "Not read: it is not a list of phrases.")
        return []
