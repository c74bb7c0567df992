"""What to say of the names in a zip whose encoding had to be guessed."""

from jobs.uploads.archive import Archive
from jobs.uploads.errors import shown
from jobs.uploads.findings import Notes, Question
from jobs.uploads.name_encodings import Guess

_FIELD = "names_encoding"
_STANDARD = "cp437"


def _instead(guess: Guess) -> str:
    """What else the names may be: what fits next best, or what a zip that does not say it means by its standard."""
    return guess.others[0] if guess.others else _STANDARD


def note_names(archive: Archive, notes: Notes) -> None:
    """Tells which code page was taken for names that do not say it, and asks where another fits nearly as well."""
    for note in archive.repairs:
        notes.repair(note.where, note.message)
    guess = archive.guess
    if guess is None or guess.encoding == "utf-8":
        return
    example = next((part for entry in archive.entries for part in entry.parts if not part.isascii()), "")
    notes.repair(
        shown(example, 80),
        f"The zip does not say in which code page its names are; the letters of the names fit {guess.encoding} best. "
        "Choose another encoding if they look wrong.",
        undo={_FIELD: _instead(guess)} if guess.others or guess.encoding != _STANDARD else None,
    )
    if guess.others and not example.isascii():
        raw = example.encode(guess.encoding, "replace")
        read = [f'"{shown(raw.decode(name, "replace"), 40)}" ({name})' for name in guess.others[:4]]
        notes.ask(
            Question(
                field=_FIELD,
                message="The zip does not say how its names are encoded. "
                f'Is it "{shown(example, 40)}" ({guess.encoding}), or {", ".join(read)}?',
                guess=guess.encoding,
                choices=(guess.encoding, *guess.others),
            )
        )
