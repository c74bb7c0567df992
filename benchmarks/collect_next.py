"""Whether what a model says of more data comes true: on half of a set's training file, then on all of it.

    make bench NAME=collect_next
    make bench NAME=collect_next ARGS='--sets trec6 --classes 1'

Half of each class is learned from, as a user would; the report tells what as many again would bring (`collect`). Then
the model learns from the whole file. The gain that counts is that on the set's own test file. With `--classes N` the
other half of each of the N classes that are said to help most is added alone, too. Bars: on how many of the sets the
gain lies inside of the interval that was told, and which share of the training the figures took.
"""

import argparse
import random
from collections import defaultdict

from benchmarks.honesty.sets import ALL, Parts, Sample, of_file, trained
from benchmarks.site import bar

SETS = ("trec6", "bbc-news", "trashnet-mini", "clothing-mini")
_WANTED, _MOST_SHARE = 3, 0.1


def main() -> None:
    """A line for each set, then the bars."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--sets", nargs="*", default=list(SETS), choices=[*ALL])
    parser.add_argument("--classes", type=int, default=0, help="of each set, how many are added alone (0)")
    parser.add_argument("--preset", default="quick")
    chosen = parser.parse_args()
    print(f"{'set':20} {'what is added':30} {'told':>6} {'interval':>16} {'came':>6}  inside")
    inside, shares = 0, []
    for name in chosen.sets:
        held, share = _set(name, chosen.preset, chosen.classes)
        inside += held
        shares.append(share)
    bar("sets-inside-the-interval", inside, _WANTED, at_least=True)
    bar("share-of-the-training", round(max(shares), 3), _MOST_SHARE, at_least=False)


def _set(name: str, preset: str, classes: int) -> tuple[bool, float]:
    """Whether the gain of all data was inside; the share of the time that the figures took."""
    whole = of_file(name)
    first, second = _halves(whole.learned)
    report, right = trained(name, Parts(first, whole.test), preset)
    told, before = report["collect"], float(right.mean())
    held = _compared(
        name, "everything", told["twice"], before, _accuracy(name, first + second, whole, preset)
    )
    for row in told["classes"][:classes]:
        more = [sample for sample in second if sample.label == row["label"]]
        _compared(name, row["label"], row, before, _accuracy(name, first + more, whole, preset))
    seconds = dict(report["seconds"])
    spent = seconds.pop("what to collect", 0.0)
    return held, spent / max(sum(seconds.values()), 1e-9)


def _accuracy(name: str, learned: list[Sample], whole: Parts, preset: str) -> float:
    return float(trained(name, Parts(learned, whole.test), preset)[1].mean())


def _compared(name: str, what: str, told: dict[str, float], before: float, after: float) -> bool:
    gain = after - before
    held = told["low"] <= gain <= told["high"]
    interval = f"{100 * told['low']:+.1f} to {100 * told['high']:+.1f}"
    print(
        f"{name:20} {what[:30]:30} {100 * told['gain']:+6.1f} {interval:>16} {100 * gain:+6.1f}  "
        f"{'yes' if held else 'no'}",
        flush=True,
    )
    return held


def _halves(samples: list[Sample]) -> tuple[list[Sample], list[Sample]]:
    """Two halves with as many samples of each class."""
    of_class = defaultdict(list)
    for sample in random.Random(0).sample(samples, len(samples)):
        of_class[sample.label].append(sample)
    first: list[Sample] = []
    second: list[Sample] = []
    for own in of_class.values():
        first += own[: -(-len(own) // 2)]
        second += own[-(-len(own) // 2) :]
    return first, second


if __name__ == "__main__":
    main()
