"""What a kind of task must know of batches: the module that `Kind.batches` names."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol, cast

from jobs.batches.child.items import Labelled, Source
from jobs.batches.child.order import Order
from training.ground.limits import Limits
from training.kinds import kind_of, load


class KindBatches(Protocol):
    """The functions of that module, which the web and the process that predicts both use: without Django and torch.

    Whatever cannot be used is refused by UploadRefused. A file has a format, one of `Kind.batch_formats`.
    """

    # How many items are predicted in one go.
    AT_ONCE: int

    def look(
        self, path: Path, name: str, limits: Limits, options: Mapping[str, Any]
    ) -> tuple[str, int | None]:
        """The format of a file and, where that is cheap to tell, how many items it has.

        `name` is what the user calls it, `options` are those of `jobs.batches.options.BatchOptions`.
        """

    def open_source(self, order: Order, folder: Path) -> Source:
        """The file as items; `folder` may be written to."""


class KindMeasures(KindBatches, Protocol):
    """What that module has, too, where models of the kind can be measured on files of the user's own."""

    def open_labelled(self, order: Order, data: Path) -> Labelled:
        """The samples in a folder that `jobs.uploads.contract:KindUploads.unpack` made of the file of `order`."""


def measures_of(task: str) -> KindMeasures | None:
    """The same module, where it can measure; raises UnknownKind."""
    kind = batches_of(task)
    return cast(KindMeasures, kind) if hasattr(kind, "open_labelled") else None


def batches_of(task: str) -> KindBatches:
    """The module of the kind of `task`; raises UnknownKind."""
    return cast(KindBatches, load(kind_of(task).batches))
