"""What a reader is told of a version: packs, and which of their samples under which labels."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from jobs.uploads.samples.columns_file import open_columns
from jobs.uploads.samples.packing import Facts, unpacked
from jobs.uploads.samples.sample import Sample


def samples_of(parts: Sequence[Mapping[str, Any]]) -> Iterator[Sample]:
    """The samples of all parts, one after another. Raises UploadRefused, ColumnsDamaged, OSError.

    A part is {facts, contents, chosen, prefix}: three paths, and what stands before its sources. `chosen` has columns
    `places` and `labels` (i4), the latter places in the `words` of its facts.
    """
    for part in parts:
        chosen = open_columns(Path(part["chosen"]))
        facts = Facts(open_columns(Path(part["facts"])))
        words: list[str] = chosen.facts["words"]
        labels = (words[code] for code in chosen["labels"].cast("i"))
        with Path(part["contents"]).open("rb") as contents:
            yield from unpacked(facts, contents, chosen["places"].cast("i"), labels, part["prefix"])
