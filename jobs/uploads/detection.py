"""What kind of file an upload is, by its first bytes; names are only a hint for words."""

import os
import re
from pathlib import Path
from typing import BinaryIO, Literal

from jobs.uploads.errors import UploadRefused
from jobs.uploads.right_form import choose_instead, right_form
from training.ground.picture_formats import picture_format, video_name
from training.kinds import Kind

HEAD_BYTES = 64 * 1024
_TAIL_BYTES = 65_557  # the end record of a zip and its longest comment

# Nothing can be done with it: the right form is shown instead.
_NO_USE = ""
_UNPACK = "Unpack it and make an ordinary .zip of it, or send the table itself."
_AS_CSV = "Open it and save it as CSV (UTF-8), then upload that."
_TABLE_IN_IT = "If it holds a table, open it in a spreadsheet program and save it as CSV (UTF-8)."
_NO_MODELS = "Upload the data to train on, not a model or a Python object; those are never opened here."

_FROM_R = "In R, write the table with write.csv, and upload that file."
_AS_JSON = "Save the texts with their labels as CSV or JSON, and upload that."

OLE_MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ZIP_MAGIC = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
_ODS_HEAD = b"mimetypeapplication/vnd.oasis.opendocument.spreadsheet"
_ODS_AT = 30  # behind the header of the first entry
_DIRECTORY_BYTES = 256 * 1024  # as much as the directory of any workbook takes
# Names of streams in old Office files: those of a workbook, and of one with a password.
_OLE_STREAMS = tuple(name.encode("utf-16-le") for name in ("Workbook", "Book", "EncryptedPackage"))

_OTHER_MAGIC: tuple[tuple[bytes, str, str], ...] = (
    (b"\x1f\x8b", "a gzip file", _UNPACK),
    (b"BZh91AY&SY", "a bzip2 file", _UNPACK),
    (b"\xfd7zXZ\x00", "an xz file", _UNPACK),
    (b"\x28\xb5\x2f\xfd", "a Zstandard file", _UNPACK),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive", _UNPACK),
    (b"Rar!\x1a\x07", "a RAR archive", _UNPACK),
    (OLE_MAGIC, "an old Office file, but no workbook", _AS_CSV),
    (b"%PDF", "a PDF", _NO_USE),
    (b"MZ", "a Windows program", _NO_USE),
    (b"\x7fELF", "a program", _NO_USE),
    (b"\x89HDF", "an HDF5 file", _NO_MODELS),
    (b"\x93NUMPY", "a NumPy file", _NO_USE),
    (b"SQLite format 3", "a database", _AS_CSV),
    (b"ARROW1", "an Arrow file", "Save the table as Parquet or CSV."),
    (b"Obj\x01", "an Avro file", "Save the table as Parquet or CSV."),
    (b"FEA1", "a Feather file of version 1", "Save the table as Parquet or CSV."),
    (b"<stata_dta>", "a Stata file", _AS_CSV),
    (b"$FL2", "an SPSS file", _AS_CSV),
    (b"$FL3", "an SPSS file", _AS_CSV),
    (bytes(12) + b"\xc2\xea\x81\x60", "a SAS file", _AS_CSV),
    (b"MATLAB 5.0 MAT-file", "a MATLAB file", _AS_CSV),
    (b"RDX2\n", "a file of R data", _FROM_R),
    (b"RDX3\n", "a file of R data", _FROM_R),
    (b"X\n\x00\x00\x00", "a file of R data (RDS)", _FROM_R),
    (b"x\x9c", "a binary file packed with zlib (such as a DocBin of spaCy)", _AS_JSON),
    (b"x\xda", "a binary file packed with zlib (such as a DocBin of spaCy)", _AS_JSON),
)
_SOME_READ = (b"\x1f\x8b", b"BZh91AY&SY", b"\xfd7zXZ\x00", b"\x28\xb5\x2f\xfd", b"ARROW1")
_NUMBERED_AS_PROGRAM = re.compile(rb"MZ[\x00-\x08\x0e-\x1f\x80-\xff]")
_PICKLE = re.compile(
    rb"\x80[\x02-\x05][\x8a\x95c\]}(\x8cX]|\([dl]p\d|c(?:__builtin__|builtins|copy_reg|posix|nt|os|numpy[\w.]*|torch[\w.]*)\n",
    re.DOTALL,
)
_STATA = re.compile(rb"[\x69-\x73][\x01\x02]\x01\x00")
# A list or map of 2 or 4 bytes' length, and a string, list or map in it.
_MESSAGE_PACK = re.compile(
    rb"(?:[\xdc\xde][\x00-\x08\x0e-\x1f].|[\xdd\xdf]\x00...)[\x80-\xbf\xd9-\xdf]", re.DOTALL
)
_ONNX = re.compile(rb"\x08[\x01-\x14][\x12\x22\x3a\x42]")
# Possessive, so that many comments are not tried in every combination.
_MARKUP = re.compile(
    rb"\s*(?:<\?xml[^>]*>\s*)?(?:<!--(?>.*?-->)\s*+)*+<(!doctype\s+(?:html|svg)|html|head|body|table|meta|svg)\b",
    re.IGNORECASE | re.DOTALL,
)
_XML = re.compile(rb"\s*<(?:\?xml|!doctype)", re.IGNORECASE)
_XML_WORKBOOK = re.compile(rb"urn:schemas-microsoft-com:office:spreadsheet|progid=.Excel\.Sheet")


def detect(path: Path, filename: str, kind: Kind | None) -> Literal["zip", "table"]:
    """Whether `path` is a zip or a table; raises UploadRefused (400, 415, 422) for anything else.

    A workbook is a table, although most are zips. A refusal shows the right form for `kind`; for every kind where None
    was chosen.
    """
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
        if not head:
            raise UploadRefused(f"The file is empty. {right_form(kind)}", code="upload_empty")
        if is_zip(head):
            return "table" if _is_zipped_workbook(head, file) else "zip"
        if head.startswith(OLE_MAGIC) and _is_old_workbook(head, file):
            return "table"
        _refuse_other(head, file, filename, kind)
    return "table"


def is_zip(head: bytes) -> bool:
    """Whether the first bytes are those of a zip."""
    return head.startswith(_ZIP_MAGIC)


def _is_zipped_workbook(head: bytes, file: BinaryIO) -> bool:
    """XLSX by the names in its directory, ODS by the name that it begins with."""
    if head[_ODS_AT:].startswith(_ODS_HEAD):
        return True
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - _DIRECTORY_BYTES))
    tail = file.read(_DIRECTORY_BYTES)
    # Only its own directory: a zip may hold a workbook that is not compressed once more.
    end = max(0, tail.rfind(b"PK\x05\x06"))
    length = int.from_bytes(tail[end + 12 : end + 16], "little")
    directory = tail[max(0, end - length) : end]
    return b"[Content_Types].xml" in directory and b"xl/workbook.xml" in directory


def _is_old_workbook(head: bytes, file: BinaryIO) -> bool:
    """By the names of its streams, which stand somewhere in the file."""
    tail, chunk = b"", head
    while chunk:
        if any(name in tail + chunk for name in _OLE_STREAMS):
            return True
        tail, chunk = chunk[-64:], file.read(HEAD_BYTES * 16)
    return False


def refuse_by_head(head: bytes, kind: Kind | None, *, packed: bool = False) -> None:
    """Raises UploadRefused (415) when the first bytes alone tell what cannot be used; see `detect`.

    With `packed`, what a kind of task may unpack or read passes; the kind itself will look at it.
    """
    if packed and (head.startswith(_SOME_READ) or head[257:262] == b"ustar"):
        return
    if not head.startswith(OLE_MAGIC):  # that may be a workbook
        _refuse_named(head, kind)


def other_kind(head: bytes) -> tuple[str, str] | None:
    """("a gzip file", what to do or "") when the first bytes tell what cannot be used; None otherwise."""
    for magic, name, advice in _OTHER_MAGIC:
        if head.startswith(magic) and (magic != b"MZ" or _NUMBERED_AS_PROGRAM.match(head)):
            return name, advice
    if head[257:262] == b"ustar":
        return "a tar archive", _UNPACK
    if _PICKLE.match(head):
        return "a Python pickle (such as .pkl or .pt)", _NO_MODELS
    if _ONNX.match(head):
        return "an ONNX model", _NO_MODELS
    if head[8:10] == b'{"' and int.from_bytes(head[:8], "little") < 100 * 1024**2:
        return "a safetensors file", _NO_MODELS
    if _STATA.match(head):
        return "a Stata file", _AS_CSV
    if head.startswith(b"ORC") and b"\0" in head:
        return "an ORC file", "Save the table as Parquet or CSV."
    if _MESSAGE_PACK.match(head):
        return "a binary file (MessagePack)", _AS_JSON
    return _other_markup(head)


def _other_markup(head: bytes) -> tuple[str, str] | None:
    markup = _MARKUP.match(head)
    if markup:
        return (
            ("an SVG drawing", _NO_USE)
            if b"svg" in markup[1].lower()
            else ("a web page (HTML)", _TABLE_IN_IT)
        )
    if not _XML.match(head):
        return None
    if _XML_WORKBOOK.search(head[:2_000]):
        return "a workbook in XML", "Open it in a spreadsheet program and save it as XLSX, then upload that."
    return "an XML file", _TABLE_IN_IT


def _refuse_other(head: bytes, file: BinaryIO, filename: str, kind: Kind | None) -> None:
    picture = picture_format(head)
    video = video_name(head)
    if video is not None:
        raise UploadRefused(f"This is {video}. {right_form(kind)}", status=415, code="wrong_kind")
    is_program = _NUMBERED_AS_PROGRAM.match(head) is not None
    if (picture or is_program) and _ends_like_a_zip(file):
        raise UploadRefused(
            f"The file is {picture or 'a program'} and a zip at the same time. Make a new, ordinary zip. "
            f"{right_form(kind)}",
            status=422,
            code="polyglot",
        )
    if picture:
        instead = choose_instead(".zip", kind) if kind else ""
        raise UploadRefused(
            f"This is a single picture ({picture}), not a dataset.{instead} {right_form(kind)}",
            status=415,
            code="single_picture",
        )
    _refuse_named(head, kind)
    if filename.lower().endswith(".zip"):
        raise UploadRefused(
            f"The name ends in .zip, but the file does not begin like one: it is damaged or cut short. "
            f"Make the zip again and upload it. {right_form(kind)}",
            code="zip_damaged",
        )


def _refuse_named(head: bytes, kind: Kind | None) -> None:
    other = other_kind(head)
    if other is not None:
        name, advice = other
        if advice == _TABLE_IN_IT:
            # Of no use where pictures are wanted.
            table = kind is None or kind.name == "sentences"
            advice = f"{advice} {right_form(kind)}" if table else right_form(kind)
        raise UploadRefused(f"This is {name}. {advice or right_form(kind)}", status=415, code="wrong_kind")


def _ends_like_a_zip(file: BinaryIO) -> bool:
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - _TAIL_BYTES))
    return b"PK\x05\x06" in file.read(_TAIL_BYTES)
