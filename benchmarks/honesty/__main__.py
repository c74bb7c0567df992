"""Whether the interval that a model shows holds what it reaches on data it never saw, on every set of the data folder.

    make bench NAME=honesty
    make bench NAME=honesty ARGS='--sets trec6 trashnet-mini --ways file split'

For each set a training as a user would start it, in up to three ways:

- file: learned from the set's training file, measured on its test file
- split: both files put together and split by sources anew, so that the test part is certainly of the same kind
- versions: five versions of each of some samples to learn from, measured on the test file

The accuracy that counts is the one on test samples without a relative among what was learned from (`apart`). Then what
the grouping itself does with versions of samples that have no relatives, and what it costs in processor time. Bars: by
how many percent points the accuracy lies outside of the interval, versions found, samples joined wrongly, cost.
"""

import argparse
from typing import Any

import numpy as np

from benchmarks.honesty.costs import costs
from benchmarks.honesty.joined import joined
from benchmarks.honesty.sets import ALL, Parts, of_file, of_split, of_versions, relatives, trained
from benchmarks.site import bar

WAYS = {"file": of_file, "split": of_split, "versions": of_versions}


def main() -> None:
    """A line for each set and way, then the bars."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--sets", nargs="*", default=list(ALL), choices=[*ALL])
    parser.add_argument("--ways", nargs="*", default=list(WAYS), choices=[*WAYS])
    parser.add_argument("--preset", default="quick")
    parser.add_argument("--no-joined", action="store_true", help="leave out what the grouping finds")
    parser.add_argument("--no-costs", action="store_true", help="leave out what the grouping costs")
    chosen = parser.parse_args()
    bars: list[tuple[str, float, float, bool]] = []
    print(
        f"{'set':20} {'way':9} {'shown':>5} {'interval':>14} {'test':>5} {'apart':>6} {'(of)':>14}  sources"
    )
    for name in chosen.sets:
        for way in chosen.ways:
            parts = WAYS[way](name)
            bars.append((f"honest-{name}-{way}", _measured(name, way, parts, chosen.preset), 0.0, False))
    for name in () if chosen.no_joined else chosen.sets:
        found = joined(name)
        bars.append((f"versions-found-{name}", found.versions, 90.0, True))
        bars.append((f"joined-wrongly-{name}", found.wrongly, 2.0, False))
    for name, share in () if chosen.no_costs else costs():
        bars.append((f"grouping-against-{name}", share, 0.1, False))
    for name, value, goal, at_least in bars:
        bar(name, value, goal, at_least=at_least)


def _measured(name: str, way: str, parts: Parts, preset: str) -> float:
    """Print what was found; by how many points the accuracy on test samples that stand apart is outside."""
    report, right = trained(name, parts, preset)
    apart = ~relatives(name, parts)
    accuracy, whole = (100 * float(np.mean(some)) for some in (right[apart], right))
    sources: dict[str, Any] = report.get("sources") or {}
    low, high = (100 * end for end in report["accuracy_interval"] or (0.0, 1.0))
    print(
        f"{name:20} {way:9} {100 * report['accuracy']:5.1f} {low:5.1f} to {high:5.1f} {whole:5.1f} {accuracy:6.1f} "
        f"({apart.sum():5} of {len(apart):5}) {sources.get('count', 0):6} of {sources.get('samples', 0)}",
        flush=True,
    )
    return round(max(low - accuracy, accuracy - high, 0.0), 2)


if __name__ == "__main__":
    main()
