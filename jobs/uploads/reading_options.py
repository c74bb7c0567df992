"""What one may choose about how an upload is read: described once, for forms, the API, its schema, the command line."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

Choice = tuple[str, str]


class OptionType(StrEnum):
    """What a value is."""

    # The name of a column; several of them; a word of `choices`; yes or no; the number of a row; {"old": "new"};
    # {"path of a sample": "its class"}.
    COLUMN = "column"
    COLUMNS = "columns"
    CHOICE = "choice"
    FLAG = "flag"
    ROW = "row"
    CLASSES = "classes"
    SAMPLES = "samples"


@dataclass(frozen=True, kw_only=True, slots=True)
class ReadingOption:
    """One option.

    `name` is its word on the wire; `label` and `help` are for people. `choices` (value and title) are offered, for a
    column besides the columns themselves; `open` takes other words, too, which `wire` explains to programs. `required`
    fields of a form always say something, `basic` ones are drawn first. Of COLUMNS, `first` is the option with the
    first of them.
    """

    name: str
    type: OptionType
    label: str
    help: str = ""
    choices: tuple[Choice, ...] = ()
    open: bool = False
    wire: str = ""
    required: bool = False
    basic: bool = False
    first: str = ""

    @property
    def option(self) -> str:
        """Its option on the command line."""
        return f"--{self.name.replace('_', '-')}"

    @property
    def meaning(self) -> str:
        """What it does, in words that stand alone."""
        return " ".join(filter(None, (f"{self.label}.", self.help, self.wire)))


CLASSES = ReadingOption(
    name="classes",
    type=OptionType.CLASSES,
    label="Classes by other names",
    help='An object such as {"old name": "new name"}; classes of the same new name are joined, and "" leaves one out.',
)


def named(options: Iterable[ReadingOption], name: str) -> ReadingOption | None:
    """The option of this name."""
    return next((option for option in options if option.name == name), None)
