"""Sweeps of which every trial was trained to its end: what a ranker learns from, and what it is tested on."""

import gzip
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from training.search.sweep.curve import Curve

TABLE = Path(__file__).with_name("complete_runs.jsonl.gz")


@dataclass(frozen=True, kw_only=True, slots=True)
class CompleteSweep:
    """One data set trained in many ways for so many `epochs`.

    `values` are what the recipe of each trial has in the fields that the sweep changed, `seconds` what it took. `data`
    names the data set, `recipe` the way of training, in words.
    """

    data: str
    recipe: str
    samples: int
    classes: int
    epochs: int
    values: Sequence[Mapping[str, Any]]
    curves: Sequence[Curve]
    seconds: Sequence[float]

    def to_json(self) -> dict[str, Any]:
        """As a line of the table."""
        trials = [
            {"values": dict(values), "seconds": round(seconds, 2), **curve.to_json()}
            for values, seconds, curve in zip(self.values, self.seconds, self.curves, strict=True)
        ]
        facts = {name: getattr(self, name) for name in ("data", "recipe", "samples", "classes", "epochs")}
        return {**facts, "trials": trials}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """What `to_json` gave."""
        trials = data["trials"]
        return cls(
            **{name: data[name] for name in ("data", "recipe", "samples", "classes", "epochs")},
            values=[trial["values"] for trial in trials],
            curves=[Curve.from_json(trial) for trial in trials],
            seconds=[trial["seconds"] for trial in trials],
        )


def read_table(path: Path = TABLE) -> list[CompleteSweep]:
    """All sweeps of a table: one a line, as JSON, packed by gzip."""
    with gzip.open(path, "rt", encoding="utf-8") as file:
        return [CompleteSweep.from_json(json.loads(line)) for line in file if line.strip()]


def write_table(sweeps: Sequence[CompleteSweep], path: Path = TABLE) -> None:
    """Replace a table; the same sweeps give the same bytes."""
    lines = "".join(json.dumps(sweep.to_json()) + "\n" for sweep in sweeps)
    path.write_bytes(gzip.compress(lines.encode(), mtime=0))
