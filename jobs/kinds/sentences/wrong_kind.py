"""Tables that list pictures or files instead of holding texts."""

from collections.abc import Sequence

from jobs.kinds.sentences.example import TABLE_EXAMPLE
from jobs.kinds.sentences.formats.contract import Cells
from jobs.uploads.errors import UploadRefused, shown
from jobs.uploads.picture_lists import PICTURE_LIST, are_files, are_pictures


def refuse_pictures(sample: Sequence[Cells], index: int, column: str) -> None:
    """Refuses (415) a table whose texts are names of pictures or other files."""
    cells = [row[index] or "" for row in sample[1:] if index < len(row)]
    if are_pictures(cells):
        raise UploadRefused(
            f'This table lists pictures ("{shown(column, 40)}" is "{shown(cells[0], 40)}" and the like), it holds no '
            f"texts. {PICTURE_LIST}",
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
