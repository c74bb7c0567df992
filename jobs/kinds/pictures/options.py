"""How a user wants a zip of pictures to be understood."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

from jobs.uploads.class_order import ORDER
from jobs.uploads.name_encodings import NAME_ENCODINGS
from jobs.uploads.option_values import read_text, read_values, readers_of
from jobs.uploads.reading_options import CLASSES, OptionType, ReadingOption
from jobs.uploads.text_encodings import ENCODING, read_encoding

FOLDERS, SUBFOLDERS, OUTER_FOLDERS, FILE_NAMES = "folders", "subfolders", "outer_folders", "file_names"
KEEP, MERGE, NONE = "keep", "merge", "none"
EACH, KEEP_SINGLE = "each", "keep_single"
_TABLE = "table "
_ENCODINGS_TO_CHOOSE = (
    ("utf-8", "UTF-8"), ("cp437", "CP437 (DOS, English)"), ("cp850", "CP850 (DOS, Western)"),
    ("cp852", "CP852 (DOS, Central European)"), ("cp866", "CP866 (DOS, Cyrillic)"),
    ("cp1252", "Windows-1252 (Western)"), ("cp1250", "Windows-1250 (Central European)"),
    ("cp1251", "Windows-1251 (Cyrillic)"), ("cp932", "Shift JIS (Japanese)"), ("gb18030", "GBK (Chinese)"),
    ("cp950", "Big5 (Chinese)"), ("cp949", "EUC-KR (Korean)"),
)  # fmt: skip
OPTIONS = (
    ReadingOption(
        name="labels_from",
        type=OptionType.CHOICE,
        label="Where the classes come from",
        wire='A table or annotation file in the zip is chosen by "table" and its path.',
        choices=(
            (FOLDERS, "The folders"),
            (SUBFOLDERS, "The folders one level deeper"),
            (OUTER_FOLDERS, "The outermost folders, whatever they are called"),
            (FILE_NAMES, "The names of the files"),
        ),
        open=True,
        basic=True,
    ),
    ReadingOption(
        name="label_column",
        type=OptionType.COLUMN,
        label="Column with the class",
        basic=True,
    ),
    ReadingOption(
        name="several_labels",
        type=OptionType.CHOICE,
        label="Pictures with several labels",
        help="Of tables and annotations; of boxes in a picture the classes become labels of the whole picture.",
        choices=((EACH, "Learn each label"), (KEEP_SINGLE, "Leave them out")),
    ),
    ReadingOption(
        name="splits",
        type=OptionType.CHOICE,
        label="Given parts (train, validation, test)",
        choices=((KEEP, "Keep them"), (MERGE, "Combine them")),
    ),
    ReadingOption(
        name="join_case",
        type=OptionType.FLAG,
        label="Join classes that differ only in upper and lower case",
    ),
    ReadingOption(
        name="sources",
        type=OptionType.CHOICE,
        label="Pictures of one source",
        help="Those of one source are never both learnt and measured.",
        choices=((NONE, "Each picture is a source of its own"),),
    ),
    ReadingOption(
        name="companions",
        type=OptionType.CHOICE,
        label="Masks, maps and small copies",
        choices=((KEEP, "They are examples, too"),),
    ),
    ReadingOption(
        name="copies",
        type=OptionType.CHOICE,
        label="Folders that hold the same once more",
        choices=((KEEP, "They are read like the others"),),
    ),
    ReadingOption(
        name="missing",
        type=OptionType.CHOICE,
        label="Labels and folders such as unlabeled, nan and null",
        choices=(("leave_out", "No label: leave the pictures out"), (KEEP, "A class of that name")),
    ),
    ReadingOption(
        name="codes",
        type=OptionType.CHOICE,
        label="Codes of classes",
        choices=((KEEP, "They are the names of the classes"),),
    ),
    ReadingOption(
        name="names_encoding",
        type=OptionType.CHOICE,
        label="Encoding of the names in the zip",
        choices=_ENCODINGS_TO_CHOOSE,
        open=True,
    ),
    ENCODING,
    ORDER,
    CLASSES,
    ReadingOption(
        name="pictures",
        type=OptionType.SAMPLES,
        label="Pictures of other classes",
        help='An object such as {"cats/1.jpg": "dogs"}, with paths in the zip; "" leaves a picture out.',
    ),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class PictureOptions:
    """Choices for a zip of pictures; None means: find out.

    `labels_from` is "folders" (the outermost that are no parts of a dataset), "subfolders" (those one level deeper),
    "outer_folders" (even if they are called like parts), "file_names", or "table NAME" with the path of a table or an
    annotation file in the zip. `label_column` is a column of that table. `splits` is "keep" or "merge".
    `names_encoding` is a code page for names without the UTF-8 flag, `encoding` that of tables beside the pictures.
    `join_case` joins class folders that differ only in upper and lower case. `companions` "keep" takes masks and the
    like as examples, `copies` "keep" folders that hold others once more, `codes` "keep" codes as names of classes;
    `sources` "none" takes no pictures together. `classes` are other names for classes, `pictures` other classes for
    single pictures (by path); "" leaves out.
    """

    labels_from: str | None = None
    label_column: str | None = None
    # `EACH`: each of several labels of a picture is learnt; `KEEP_SINGLE`: such pictures are left out.
    several_labels: str | None = None
    # `NO_ORDER`: the classes are in none, whatever their names say.
    order: str | None = None
    splits: str | None = None
    names_encoding: str | None = None
    encoding: str | None = None
    join_case: bool | None = None
    companions: str | None = None
    copies: str | None = None
    codes: str | None = None
    # "leave_out" or "keep".
    missing: str | None = None
    sources: str | None = None
    classes: Mapping[str, str] | None = None
    pictures: Mapping[str, str] | None = None

    @property
    def table(self) -> str | None:
        """The path of the table to take the labels from, where one was chosen."""
        if self.labels_from is None or not self.labels_from.startswith(_TABLE):
            return None
        return self.labels_from.removeprefix(_TABLE)

    def to_json(self) -> dict[str, Any]:
        """Only what was chosen."""
        return {name: value for name, value in asdict(self).items() if value is not None}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Reads choices; empty strings count as not chosen, and what only tables of sentences know is passed over.

        Raises UploadRefused (400) with `fields`.
        """
        return cls(**read_values(data, _READERS, thing="pictures", code="picture_options_invalid"))


def table_choice(where: str) -> str:
    """The value of `labels_from` that chooses the table or annotation file at `where`."""
    return _TABLE + where


def _labels_from(value: Any) -> str:
    text = read_text(value)
    if text in (FOLDERS, SUBFOLDERS, OUTER_FOLDERS, FILE_NAMES) or (
        text.startswith(_TABLE) and text != _TABLE
    ):
        return text
    raise ValueError(
        'Choose folders, subfolders, outer_folders, file_names, or "table" and the name of a file in the zip.'
    )


def _encoding(value: Any) -> str:
    found = NAME_ENCODINGS.get(read_text(value).strip().lower().replace("_", "-"))
    if found is None:
        raise ValueError("Choose an encoding such as utf-8, cp437, cp866, shift-jis, gb18030 or euc-kr.")
    return found


_READERS = readers_of(OPTIONS, labels_from=_labels_from, names_encoding=_encoding, encoding=read_encoding)
