"""What every compute driver can do."""

from typing import Protocol


class Driver(Protocol):
    """Brings the number of training servers to what the job rows ask for; every call is idempotent."""

    name: str

    def ensure(self, wanted: int) -> None:
        """Starts or stops servers until `wanted` of them run, as far as the pool allows."""
        ...
