"""What can go wrong, in words for the person who asked; pages and API render the same errors."""

from collections.abc import Mapping, Sequence
from typing import ClassVar


class FlashError(Exception):
    """A refusal with an HTTP status, a stable code and a sentence that says what to do.

    `fields` maps a form field to its messages; `notes` lists findings (file or row); `retry_after` is in seconds.
    """

    status: ClassVar[int] = 400
    code: ClassVar[str] = "bad_request"
    title: ClassVar[str] = "The request could not be understood"

    def __init__(
        self,
        detail: str,
        *,
        fields: Mapping[str, Sequence[str]] | None = None,
        notes: Sequence[object] = (),
        retry_after: int | None = None,
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.fields = {name: list(messages) for name, messages in (fields or {}).items()}
        self.notes = list(notes)
        self.retry_after = retry_after
