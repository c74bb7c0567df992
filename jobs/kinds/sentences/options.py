"""How a user wants a table to be read."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

from jobs.uploads.class_order import ORDER
from jobs.uploads.option_values import read_values, readers_of
from jobs.uploads.reading_options import CLASSES, OptionType, ReadingOption
from jobs.uploads.text_encodings import ENCODING, read_encoding

DELIMITERS = {
    ",": ",", ";": ";", "\t": "\t", "|": "|",
    "comma": ",", "semicolon": ";", "tab": "\t", "\\t": "\t", "pipe": "|",
}  # fmt: skip
# What can be done with rows that have several labels.
EACH, KEEP_SINGLE, AS_IS = "each", "keep_single", "as_is"
# Labels, cells and rows as the file has them.
AS_WRITTEN, KEEP = "as_written", "keep"
# What quotation marks are in a delimited text.
QUOTES, NO_QUOTES, BACKSLASH, SINGLE = QUOTINGS = ("quotes", "none", "backslash", "single")
# The choice of no column, where one would be found.
NOTHING = "(none)"
OPTIONS = (
    ReadingOption(
        name="input_column",
        type=OptionType.COLUMN,
        label="Column with the text",
        required=True,
        basic=True,
    ),
    ReadingOption(
        name="input_columns",
        type=OptionType.COLUMNS,
        label="Join more columns to the text",
        help="Each on a line of its own, such as a subject and its description. A prediction takes one text.",
        first="input_column",
    ),
    ReadingOption(
        name="label_column",
        type=OptionType.COLUMN,
        label="Column with the class",
        required=True,
        basic=True,
    ),
    ReadingOption(
        name="split_column",
        type=OptionType.COLUMN,
        label="Column with the given split",
        help="Tells which rows are for training, validation and test.",
        choices=((NOTHING, "None"),),
    ),
    ReadingOption(
        name="group_column",
        type=OptionType.COLUMN,
        label="Column with the source",
        help="Rows of one source, such as an author, are never both learnt and measured.",
    ),
    ReadingOption(
        name="several_labels",
        type=OptionType.CHOICE,
        label="Rows with several labels",
        choices=(
            (EACH, "Learn each label"),
            (KEEP_SINGLE, "Leave them out"),
            (AS_IS, "Take each combination as a class"),
        ),
    ),
    ReadingOption(
        name="missing",
        type=OptionType.CHOICE,
        label="Labels such as nan and null",
        choices=(("leave_out", "No label: leave the row out"), ("keep", "A class of that name")),
    ),
    ReadingOption(
        name="spellings",
        type=OptionType.CHOICE,
        label="Spellings of one label",
        help="Such as upper and lower case, brackets around a label, 1 and 1.0.",
        choices=((AS_WRITTEN, "Each is a class of its own"),),
    ),
    ReadingOption(
        name="sheet",
        type=OptionType.CHOICE,
        label="Sheet of the workbook",
        open=True,
    ),
    ReadingOption(
        name="has_header",
        type=OptionType.FLAG,
        label="Column names in the first row",
    ),
    ReadingOption(
        name="header_row",
        type=OptionType.ROW,
        label="Row with the column names",
        help="Counted from 1; what stands above it is not read.",
    ),
    ReadingOption(
        name="other_rows",
        type=OptionType.CHOICE,
        label="Titles, totals and repeated headers",
        choices=((KEEP, "They are rows like the others"),),
    ),
    ReadingOption(
        name="delimiter",
        type=OptionType.CHOICE,
        label="What separates the cells",
        choices=(("comma", "Comma"), ("semicolon", "Semicolon"), ("tab", "Tab"), ("pipe", "Bar |")),
        open=True,
    ),
    ReadingOption(
        name="quoting",
        type=OptionType.CHOICE,
        label="Quotation marks",
        choices=(
            (QUOTES, "They enclose cells"),
            (BACKSLASH, "They enclose cells, and a backslash takes their meaning away"),
            (SINGLE, "Single ones enclose cells"),
            (NO_QUOTES, "They are part of the text"),
        ),
    ),
    ENCODING,
    ORDER,
    CLASSES,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class TableOptions:
    """Choices for a table; None means: find out. Columns are named as in the header, or "column 1" without one.

    `sheet` is the name of a sheet of a workbook; `missing` says what labels such as "nan" and "null" are: "leave_out"
    (no label, so the row is left out) or "keep" (classes).
    """

    input_column: str | None = None
    # Several, joined to one text; before `input_column`, where both are given.
    input_columns: tuple[str, ...] | None = None
    label_column: str | None = None
    # `NOTHING` for a column of a name like that which tells something else.
    split_column: str | None = None
    group_column: str | None = None
    several_labels: str | None = None
    # `NO_ORDER`: the classes are in none, whatever their names say.
    order: str | None = None
    has_header: bool | None = None
    # Counted as in the file, from 1; what stands above is no data.
    header_row: int | None = None
    encoding: str | None = None
    delimiter: str | None = None
    sheet: str | None = None
    missing: str | None = None
    # `AS_WRITTEN`: spellings of a label are classes of their own.
    spellings: str | None = None
    # `KEEP`: titles, totals and the like are data.
    other_rows: str | None = None
    # One of `QUOTINGS`.
    quoting: str | None = None
    # What classes are called instead; "" leaves a class out.
    classes: Mapping[str, str] | None = None

    @property
    def inputs(self) -> tuple[str, ...]:
        """The chosen columns with the text; empty where none was."""
        return self.input_columns or ((self.input_column,) if self.input_column else ())

    def to_json(self) -> dict[str, Any]:
        """Only what was chosen."""
        return {name: value for name, value in asdict(self).items() if value is not None}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Reads choices; empty strings count as not chosen. Raises UploadRefused (400) with `fields`."""
        return cls(**read_values(data, _READERS, thing="table", code="table_options_invalid", only=True))


def _delimiter(value: Any) -> str:
    text = str(value)
    found = DELIMITERS.get(text) or DELIMITERS.get(text.strip().lower())
    if found is None:
        raise ValueError("Choose comma, semicolon, tab or pipe.")
    return found


_READERS = readers_of(OPTIONS, delimiter=_delimiter, encoding=read_encoding)
