"""What was found in a zip of pictures."""

from dataclasses import dataclass
from typing import Any

from jobs.uploads.findings import Findings


@dataclass(frozen=True, kw_only=True, slots=True)
class PictureFindings(Findings):
    """A zip of pictures. `thumbnails`: at most 24 of {label, source, data_uri}, JPEG of 96 pixels."""

    thumbnails: list[dict[str, str]]

    def to_json(self) -> dict[str, Any]:
        return {**Findings.to_json(self), "thumbnails": self.thumbnails}
