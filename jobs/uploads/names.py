"""Names from uploads made harmless: paths of zip entries and labels of classes."""

import re
import unicodedata

from jobs.uploads.errors import UploadRefused, shown
from modelstore.ground.naming import TURNING

_OVERRIDES = re.compile(f"[{TURNING}]")
# Invisible marks; the joiners U+200C and U+200D stay: Persian, Indic scripts and emoji need them.
_INVISIBLE = re.compile("[\u200b\u200e\u200f\u061c\u00ad\u2060\ufeff\ufff9-\ufffb\ufffd\ufffe\uffff]")
_SPACES = re.compile(r"\s+")
# "A: apples/1.jpg" is a folder with a colon, "C:/apples/1.jpg" leads to a drive.
_DRIVE = re.compile(r"^/?[A-Za-z]:/")
_CLIMBS = re.compile(r"(?:^|[\\/])\.\.(?:[\\/]|$)")


def entry_path(name: str) -> tuple[str, ...]:
    """The parts of a zip entry's name, `/` and `\\` both separating, in NFC; one separator in front is passed over.

    Raises UploadRefused: 400 for NUL, 422 for drives, shares and `..`.
    """
    if "\x00" in name:
        raise UploadRefused(
            f'The name of the entry "{shown(name)}" contains a NUL character. Rename it.', code="nul_in_name"
        )
    unified = unicodedata.normalize("NFC", name).replace("\\", "/")
    parts = unified.split("/")
    if unified.startswith("//") or _DRIVE.match(unified) or ".." in parts:
        raise UploadRefused(
            f'The entry "{shown(name)}" points outside the zip. '
            "Make the zip again with plain names such as cats/1.jpg.",
            status=422,
            code="unsafe_path",
        )
    return tuple(part for part in parts if part not in ("", "."))


def clean_label(raw: str, where: str, most: int) -> str:
    """A label in NFC, trimmed, single spaces, without control and invisible characters; "" if nothing is left.

    Raises UploadRefused (422) when it is longer than `most`, climbs out of folders or turns text around; `where`
    names the folder or row.
    """
    if raw.isascii() and raw.isprintable() and "  " not in raw:
        label = raw.strip(" ")
    else:
        if _OVERRIDES.search(raw):
            raise _refuse_label(
                raw, where, "contains characters that reverse the direction of text. Type it again"
            )
        label = unicodedata.normalize("NFC", _SPACES.sub(" ", _INVISIBLE.sub("", raw)))
        label = "".join(c for c in label if unicodedata.category(c) not in ("Cc", "Cs")).strip()
    if len(label) > most:
        raise _refuse_label(
            raw,
            where,
            f"is {len(label):,} characters long, at most {most} are allowed. Is it really the label, not the text?",
        )
    if ".." in label and _CLIMBS.search(label):
        raise _refuse_label(raw, where, "looks like a path. Give the class a plain name, such as cats")
    return label


def same_class(label: str) -> str:
    """The key under which spellings of one class meet: `Cat`, `cat` and `CAT`, but not the letters `A` and `a`."""
    return label.casefold() if len(label) > 1 else label


def _refuse_label(raw: str, where: str, reason: str) -> UploadRefused:
    end = "" if reason.endswith("?") else "."
    return UploadRefused(
        f'{where}: the label "{shown(raw, 40)}" {reason}{end}', status=422, code="label_invalid"
    )
