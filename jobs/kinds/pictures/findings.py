"""What was found in a zip of pictures."""

from dataclasses import dataclass
from typing import Any

from jobs.uploads.findings import Findings


@dataclass(frozen=True, kw_only=True, slots=True)
class PictureFindings(Findings):
    """A zip of pictures. `thumbnails`: at most 24 of {label, source, data_uri}, JPEG of 96 pixels.

    Of `headers_only` pictures, for want of time, only the headers were read; they are decoded before they are used.
    `seen` is for `unpack`, see `jobs.kinds.pictures.seen`.
    """

    thumbnails: list[dict[str, str]]
    headers_only: int = 0
    seen: str = ""

    def to_json(self) -> dict[str, Any]:
        return {
            **Findings.to_json(self),
            "thumbnails": self.thumbnails,
            "headers_only": self.headers_only,
            "seen": self.seen,
        }
