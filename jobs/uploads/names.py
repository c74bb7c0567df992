"""Names from uploads made harmless: paths of zip entries and labels of classes."""

import re
import unicodedata

from jobs.uploads.errors import UploadRefused, shown
from modelstore.ground.naming import TURNING

_OVERRIDES = re.compile(f"[{TURNING}]")
# Invisible marks; the joiners U+200C and U+200D stay: Persian, Indic scripts and emoji need them.
_INVISIBLE = re.compile("[\u200b\u200e\u200f\u061c\u00ad\u2060\ufeff\ufff9-\ufffb\ufffd\ufffe\uffff]")
_SPACES = re.compile(r"\s+")
_DRIVE = re.compile(r"^[A-Za-z]:")
_CLIMBS = re.compile(r"(?:^|[\\/])\.\.(?:[\\/]|$)")

# Code pages in which programs write names of files without the UTF-8 flag; a closed list.
NAME_ENCODINGS = {
    "utf-8": "utf-8", "utf8": "utf-8", "cp437": "cp437", "ibm437": "cp437", "cp850": "cp850", "cp852": "cp852",
    "cp866": "cp866", "cp855": "cp855", "cp857": "cp857", "cp737": "cp737", "cp862": "cp862", "cp864": "cp864",
    "cp1250": "cp1250", "windows-1250": "cp1250", "cp1251": "cp1251", "windows-1251": "cp1251",
    "cp1252": "cp1252", "windows-1252": "cp1252", "latin-1": "cp1252", "iso-8859-1": "cp1252",
    "cp1253": "cp1253", "cp1254": "cp1254", "koi8-r": "koi8-r", "cp932": "cp932", "shift-jis": "cp932",
    "cp949": "cp949", "euc-kr": "cp949", "gbk": "gb18030", "gb2312": "gb18030", "gb18030": "gb18030",
    "cp936": "gb18030", "big5": "big5", "cp950": "big5", "euc-jp": "euc-jp",
}  # fmt: skip


def entry_path(name: str) -> tuple[str, ...]:
    """The parts of a zip entry's name, `/` and `\\` both separating, in NFC.

    Raises UploadRefused: 400 for NUL, 422 for absolute paths, drives and `..`.
    """
    if "\x00" in name:
        raise UploadRefused(
            f'The name of the entry "{shown(name)}" contains a NUL character. Rename it.', code="nul_in_name"
        )
    unified = unicodedata.normalize("NFC", name).replace("\\", "/")
    parts = unified.split("/")
    if unified.startswith("/") or _DRIVE.match(unified) or ".." in parts:
        raise UploadRefused(
            f'The entry "{shown(name)}" points outside the zip. '
            "Make the zip again with plain names such as cats/1.jpg.",
            status=422,
            code="unsafe_path",
        )
    return tuple(part for part in parts if part not in ("", "."))


def legacy_name(raw: bytes) -> str:
    """The name of an entry without the UTF-8 flag: UTF-8 all the same, Chinese, or cp437 as the format says."""
    for encoding in ("utf-8", "gb2312"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return raw.decode("cp437")


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
