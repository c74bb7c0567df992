"""What every compute driver can do."""

from typing import Protocol


class Driver(Protocol):
    """Brings the training servers in line with the job rows; every call is idempotent."""

    name: str

    def reconcile(self) -> None:
        """One pass: starts what waiting jobs need and stops what nobody needs, as far as the limits allow."""
        ...
