"""What a training may take of the machine; none of it changes what is wanted."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Self

from training.ground.control import available_cores


@dataclass(frozen=True, kw_only=True, slots=True)
class Machine:
    """Where and with how much a training runs.

    `threads` 0 means all cores; `processes` 0 means one to each GPU; `deadline_seconds` counts from the start of the
    process; `serving_copy` asks for a copy in 8-bit integers for the web; decoded pictures that take more than
    `picture_memory_mb` go to a file on disk.
    """

    device: str = "auto"
    threads: int = 0
    processes: int = 0
    nice: int = 10
    deadline_seconds: float | None = None
    serving_copy: bool = False
    picture_memory_mb: int = 2048

    @property
    def cores(self) -> int:
        """How many cores to use."""
        return self.threads or available_cores()

    def to_json(self) -> dict[str, Any]:
        """As a dict of JSON values; `from_json` takes it back."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """The machine's part of a stored configuration; what is not there has its default."""
        own = {field.name for field in fields(cls)}
        return cls(**{name: value for name, value in data.items() if name in own})
