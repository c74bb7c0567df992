"""What holds no texts to learn from: tables that list pictures or files, JSON of other programs."""

from collections.abc import Sequence, Set

from jobs.kinds.sentences.example import TABLE_EXAMPLE
from jobs.kinds.sentences.formats.contract import Cells
from jobs.uploads.errors import UploadRefused, shown
from jobs.uploads.picture_lists import PICTURE_LIST, are_files, are_pictures
from jobs.uploads.right_form import choose_instead
from training.kinds.sentences import KIND

# By the keys of the outermost object.
_OBJECTS = (
    ({"images", "annotations", "categories"}, "a list of annotated pictures (COCO)", PICTURE_LIST),
    (
        {"nbformat", "cells"},
        "a Jupyter notebook",
        f"Save the table that it works with as a file. {TABLE_EXAMPLE}",
    ),
    (
        {"paragraphs", "title"},
        "a list of questions with answers in a text",
        f"It has no classes. {TABLE_EXAMPLE}",
    ),
)


def refuse_objects(keys: Set[str]) -> None:
    """Refuses (415) JSON whose outermost object has the keys of what is known to hold no sentences."""
    for known, name, advice in _OBJECTS:
        if known <= keys:
            instead = choose_instead(".zip", KIND) if advice == PICTURE_LIST else ""
            raise UploadRefused(f"This is {name}. {advice}{instead}", status=415, code="wrong_kind")


def refuse_pictures(sample: Sequence[Cells], index: int, column: str) -> None:
    """Refuses (415) a table whose texts are names of pictures or other files."""
    cells = [row[index] or "" for row in sample[1:] if index < len(row)]
    if are_pictures(cells):
        raise UploadRefused(
            f'This table lists pictures ("{shown(column, 40)}" is "{shown(cells[0], 40)}" and the like), it holds no '
            f"texts. {PICTURE_LIST}{choose_instead('.zip', KIND)}",
            status=415,
            code="wrong_kind",
        )
    if are_files(cells):
        raise UploadRefused(
            f'This table lists files ("{shown(column, 40)}" is "{shown(cells[0], 40)}" and the like), it holds no '
            "texts. Put the texts themselves into the table, or zip the text files in one folder per class. "
            f"{TABLE_EXAMPLE}",
            status=415,
            code="wrong_kind",
        )
