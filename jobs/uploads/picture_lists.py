"""Tables that list pictures or other files by their names: of no use without them."""

import re
from collections.abc import Sequence

_SUFFIX = r"\.(?:jpe?g|jfif|png|gif|bmp|webp|tiff?|heic|heif|avif|ppm|pgm|dcm)"
_NAME = re.compile(rf"[^\n]{{0,1000}}{_SUFFIX}(?:\?\S{{0,500}})?", re.IGNORECASE)
_FILE = re.compile(
    r"[^\n]{1,1000}\.(?:txt|md|pdf|docx?|odt|rtf|eml|msg|html?|xml|json|wav|mp3|ogg|flac|m4a|mp4)"
)
_IN_LINE = re.compile(rb"%s[\"']?\s*(?:[,;|\t}\]]|\r?\n)" % _SUFFIX.encode(), re.IGNORECASE)
_LINES = 200
_BINARY_TABLES = {b"PAR1": "Parquet", b"ARROW1": "Arrow"}
# Pictures hardly shrink, so that they begin in a packed table as they do alone.
_PICTURE_BEGINS = re.compile(rb"\x89PNG\r\n\x1a\n|\xff\xd8\xff[\xdb\xe0-\xef]|RIFF....WEBP", re.DOTALL)
PICTURE_LIST = "Zip it together with the pictures that it names."


def are_pictures(cells: Sequence[str]) -> bool:
    """Whether nearly all of these texts are names of pictures."""
    filled = [cell for cell in cells if cell]
    names = sum(1 for cell in filled if _NAME.fullmatch(cell.strip()))
    return len(filled) > 1 and names * 10 >= 9 * len(filled)


def are_files(cells: Sequence[str]) -> bool:
    """Whether nearly all of these texts are names of documents or recordings."""
    filled = [cell.strip() for cell in cells if cell]
    names = sum(1 for cell in filled if _FILE.fullmatch(cell.lower()))
    return len(filled) > 1 and names * 10 >= 9 * len(filled)


def lists_pictures(head: bytes) -> bool:
    """Whether most of the first lines of a table name a picture."""
    lines = [line for line in head.split(b"\n")[:_LINES] if line.strip()][1:]
    return len(lines) > 1 and sum(1 for line in lines if _IN_LINE.search(line + b"\n")) * 10 >= 9 * len(lines)


def pictures_in_cells(head: bytes) -> str:
    """What to say of a binary table that has pictures in its cells, by its first bytes; "" where it has none."""
    name = next((name for magic, name in _BINARY_TABLES.items() if head.startswith(magic)), "")
    if not name or not _PICTURE_BEGINS.search(head):
        return ""
    return (
        f"This {name} file has pictures in its cells. Write each to a file in a folder of its class, and zip the "
        "folders."
    )
