"""Says where the classes of an upload are in an order, as ratings and grades are."""

from collections.abc import Sequence

from jobs.uploads.errors import shown
from jobs.uploads.findings import ClassCount, Notes
from jobs.uploads.reading_options import OptionType, ReadingOption
from training.targets.label_order import in_order

NO_ORDER = "none"
ORDER = ReadingOption(
    name="order",
    type=OptionType.CHOICE,
    label="Order of the classes",
    help="Of classes such as stars and grades it is told by how much answers are off.",
    choices=((NO_ORDER, "They have none"),),
)


def found_order(classes: Sequence[ClassCount], chosen: str | None, notes: Notes) -> list[str]:
    """The classes, the lowest first, where their names say that they are in an order; empty where they are not."""
    order = in_order([entry.label for entry in classes])
    if not order or chosen == NO_ORDER:
        return []
    told = " < ".join(shown(label, 20) for label in order[:8]) + (" ..." if len(order) > 8 else "")
    notes.repair(
        "Classes",
        f"The classes are in an order ({told}), so beside the accuracy it is told by how much answers are off.",
        undo={ORDER.name: NO_ORDER},
    )
    return order
