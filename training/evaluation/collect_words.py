"""What to collect next (`collect` of report.json, see `training.evaluation.collect`), in sentences for people."""

from collections.abc import Mapping
from typing import Any

# Below this share a gain is not worth a trip.
_HARDLY = 0.005
_LONGEST_LABEL = 60


def collect_words(found: Mapping[str, Any], samples: str) -> list[str]:
    """Sentences, the most useful first; `samples` is the word for them."""
    twice, classes = found["twice"], found.get("classes") or []
    best = classes[0] if classes else None
    told = []
    if best and best["gain"] >= _HARDLY:
        sure = "would help most" if best["low"] > 0 else "would probably help most"
        label = best["label"][:_LONGEST_LABEL]
        told.append(f"More {samples} of “{label}” {sure}: {points(best)} from {best['more']:,} more.")
    if twice["gain"] >= _HARDLY:
        told.append(f"As many {samples} again of all classes ({twice['more']:,}): {points(twice)}.")
    else:
        told.append(
            f"More {samples} like these would hardly help: as many again ({twice['more']:,}) bring {points(twice)}."
        )
    return told


def points(row: Mapping[str, float]) -> str:
    """A gain in percentage points with its interval."""
    low, high = (signed_points(row[end]) for end in ("low", "high"))
    return f"{signed_points(row['gain'])} points ({low} to {high})"


def signed_points(share: float) -> str:
    """0.021 as +2.1."""
    rounded = round(100 * share, 1) + 0.0
    return f"{rounded:+.1f}".replace("-", "\N{MINUS SIGN}") if rounded else "0.0"
