"""What a kind of task must know of uploads: the module that `Kind.uploads` names."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol, cast

from jobs.uploads.findings import Findings
from jobs.uploads.reading_options import OptionType, ReadingOption
from jobs.uploads.samples.sample import KeepsSamples
from training.ground.limits import Limits
from training.kinds import kind_of, load


class KindUploads(Protocol):
    """The functions of that module. It knows neither Django nor torch, and they run in a process of their own.

    `options` is what the user chose about the file (`input_column`, ...); empty strings are no choice. Whatever cannot
    be used is refused by UploadRefused.
    """

    # Whether a stored file may be read again with other options, and which there are.
    READ_AGAIN: bool
    OPTIONS: tuple[ReadingOption, ...]
    # The options under which `inspect` reads what `merge` made.
    MERGED: Mapping[str, Any]
    # Modules that these functions import when they are called: what reads uploads has them ready.
    LIBRARIES: tuple[str, ...]

    def check_options(self, options: Mapping[str, Any]) -> None:
        """Raise UploadRefused that names each option whose value makes no sense, before there is a file."""

    def inspect(self, path: Path, name: str, limits: Limits, options: Mapping[str, Any]) -> Findings:
        """What the file at `path`, called `name` by the user, holds after repairs.

        Its `to_json` may have `columns`, which may then be chosen on the page, and `thumbnails`, a list of {label,
        source, data_uri}; all of it is there for the kind's templates. A text `seen` in it is kept for `unpack` alone.
        """

    def unpack(
        self, path: Path, name: str, data: Path, limits: Limits, options: Mapping[str, Any], seen: str = ""
    ) -> None:
        """Fill the folder `data` as the kind's `read` takes it, by the same plan as the check; make it if need be.

        `seen` is what `inspect` told of this file with these options, for what need not be found out twice; it is
        given only where there is any.
        """

    def merge(self, parts: Sequence[Path], folder: Path) -> Path:
        """One file in `folder` that `inspect` takes, of several folders that `unpack` made; copies count once."""


class SampleLister(Protocol):
    """What the module of a kind has besides where it has an option of SAMPLES: then single ones can be ticked."""

    def samples(
        self,
        path: Path,
        name: str,
        limits: Limits,
        options: Mapping[str, Any],
        label: str,
        start: int,
        count: int,
    ) -> dict[str, Any]:
        """`total` samples of the class `label`, and `samples`, `count` of them from place `start`.

        Each is {label, source, ...}: `source` is its path for the option of SAMPLES; the rest is for the kind's
        template samples.html.
        """


def uploads_of(task: str) -> KindUploads:
    """The module of the kind of `task`; raises UnknownKind."""
    return cast(KindUploads, load(kind_of(task).uploads))


def lists_samples(task: str) -> bool:
    """Whether the module of the kind is a SampleLister. Raises UnknownKind."""
    return any(option.type is OptionType.SAMPLES for option in uploads_of(task).OPTIONS)


def keeps_samples(task: str) -> KeepsSamples | None:
    """The module of the kind where versions of its data may be kept; None where not. Raises UnknownKind."""
    module = uploads_of(task)
    return cast(KeepsSamples, module) if hasattr(module, "stored_samples") else None
