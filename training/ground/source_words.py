"""What is said of the sources of a data set; plain Python, for the web, too."""

from collections.abc import Mapping
from typing import Any

from training.score import SCORES, show


def source_words(found: Mapping[str, Any], score: str, one: str, many: str) -> str:
    """Sentences about `sources` of report.json; "" where each sample is a source of its own.

    `score` is the name of the score, `one` and `many` are words for samples.
    """
    count, samples = found["count"], found["samples"]
    if count >= samples:
        return ""
    sources = "1 source" if count == 1 else f"{count:,} sources"
    told = (
        f"{samples:,} {many} from {sources}: some are near-duplicates, versions of one {one} or of one group."
    )
    if found.get("shared"):
        shared = found["shared"]
        whose = "The parts are those that were given, and" if found.get("given") else "As it is,"
        told += f" {whose} {shared:,} of the validation {many} {'has' if shared == 1 else 'have'} a relative in the "
        return f"{told}training part, which flatters the {SCORES[score].word}."
    told += " No source is on both sides, so the figure is about sources that the model has never seen."
    if (other := found.get(f"{score}_by_samples")) is not None:
        told += (
            f" Split {one} by {one}, the {SCORES[score].word} would be said to be about {show(score, other)}."
        )
    return told


def few_words(sources: int, samples: int, score: str, one: str, many: str) -> str:
    """A sentence about a validation part of so few sources and samples that no interval can be told."""
    measured = f"1 {one}" if samples == 1 else f"{samples:,} {many}"
    if sources < samples:
        measured += f" from {sources} {'source' if sources == 1 else 'sources'}"
    return (
        f"The {SCORES[score].word} was measured on {measured}: too few sources to say how it would be on others. "
        f"Add {many} from other sources."
    )
