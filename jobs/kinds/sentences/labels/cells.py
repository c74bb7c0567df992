"""One cell of the label column made a label, or a reason why it is none."""

import re

from jobs.kinds.sentences.formats.encoding import LOST
from jobs.uploads.errors import UploadRefused, shown
from jobs.uploads.names import clean_label

# Embeddings and isolates around a whole label change nothing but how it is laid out; overrides turn letters around.
_MARKED = re.compile("[\u202a\u202b\u2066-\u2068](.*)[\u202c\u2069]", re.DOTALL)
_MARKS = "\u200e\u200f\u061c \t"


def read_label(raw: str, most_chars: int) -> tuple[str, str]:
    """(label, "") or ("", why the cell holds none); both empty for an empty cell."""
    if LOST in raw:
        return "", (
            f'letters of the label "{shown(raw, 40)}" were lost in the encoding, so nobody can tell which class it is'
        )
    bare = raw
    while marked := _MARKED.fullmatch(bare.strip(_MARKS)):
        bare = marked[1]
    try:
        return clean_label(bare, "", most_chars), ""
    except UploadRefused as refusal:
        return "", refusal.detail.removeprefix(": ").removesuffix(".")


def had_marks(raw: str) -> bool:
    """Whether marks of direction stand around a whole label."""
    return not raw.isascii() and _MARKED.fullmatch(raw.strip(_MARKS)) is not None
