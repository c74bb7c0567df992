"""How well the first epochs tell how trials will end, and what that is worth: the ranker and three usual rules.

    python -m benchmarks.early_ranking            # from the table that comes with Flash: seconds
    python -m benchmarks.early_ranking --collect  # train what the table lacks first: about an hour on a core
    python -m benchmarks.early_ranking --anew     # train all of it

Each sweep of the table is judged by a ranker that learned from the other data sets. What a rule finds is the lowest
validation loss of all that it has seen; regret is by how many percent that lies above the lowest of the full sweep.
Rules are compared at equal cost: the same turns, or as many epochs as the other rule took, or fewer.
"""

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.early_ranking.collect import collect
from benchmarks.early_ranking.simulate import Found, by_median, by_turns, cost_of, halving, spearman
from benchmarks.site import bar
from training.search.sweep.complete_runs import TABLE, CompleteSweep, read_table, write_table
from training.search.sweep.ranker import LowestSoFar, PairwiseRanker, Ranker
from training.search.sweep.stages import FAST, turns

_SHARE = 0.2
# So many random parts of the trials of each sweep are judged, beside the whole of it.
_DRAWS, _DRAWN = 20, 0.8


@dataclass(frozen=True, slots=True)
class Duel:
    """What the ranker found and what the other rule found, at equal cost."""

    name: str
    ranker: Found
    other: Found


def _part(sweep: CompleteSweep, places: Sequence[int]) -> CompleteSweep:
    facts = {name: getattr(sweep, name) for name in ("data", "recipe", "samples", "classes", "epochs")}
    lists = {
        name: [getattr(sweep, name)[place] for place in places] for name in ("values", "curves", "seconds")
    }
    return CompleteSweep(**facts, **lists)


def _parts(sweep: CompleteSweep) -> list[CompleteSweep]:
    random, count = np.random.default_rng(1), len(sweep.curves)
    drawn = [random.permutation(count)[: round(_DRAWN * count)] for _ in range(_DRAWS)]
    return [sweep, *(_part(sweep, sorted(places.tolist())) for places in drawn)]


def _agreement(ranker: Ranker, sweep: CompleteSweep, epochs: int) -> float:
    """The correlation of ranks between what is predicted after some epochs and how the trials end."""
    order = ranker.order([curve.first(epochs) for curve in sweep.curves], sweep.values, sweep.epochs)
    return spearman(np.argsort(order).tolist(), [curve.lowest for curve in sweep.curves])


def _duels(ranker: Ranker, sweep: CompleteSweep) -> list[Duel]:
    count, epochs, lowest = len(sweep.curves), sweep.epochs, LowestSoFar()
    after = max(1, round(_SHARE * epochs))
    found = []

    def same(name: str, plan: list[tuple[int, int]]) -> None:
        found.append(Duel(name, by_turns(sweep, ranker, plan), by_turns(sweep, lowest, plan)))

    for kept in (1, 3):
        same("i-epoch", [(after, count), (epochs, kept)])
    same("i-epoch, fast", turns(FAST, count, epochs))
    same("successive halving", halving(count, epochs, max(1, round(0.08 * epochs)), 3))
    median = by_median(sweep, max(2, round(0.1 * epochs)))
    kept = max(1, (median.cost - count * after) // (epochs - after))
    plan = [(after, count), (epochs, int(kept))]
    if cost_of(plan) <= median.cost:
        found.append(Duel("median stopping", by_turns(sweep, ranker, plan), median))
    return found


def _judge(sweeps: Sequence[CompleteSweep], show: Callable[[str], None] = print) -> None:
    """Print a line for each sweep, then the bars."""
    agreements: list[tuple[float, float]] = []
    regrets: dict[str, list[tuple[float, float]]] = {}
    show("| sweep | Spearman: ranker, last loss | regret in %: ranker, other rule |\n|---|---|---|")
    for sweep in sweeps:
        ranker = PairwiseRanker([other for other in sweeps if other.data != sweep.data])
        after = max(1, round(_SHARE * sweep.epochs))
        agreement = _agreement(ranker, sweep, after), _agreement(LowestSoFar(), sweep, after)
        agreements.append(agreement)
        own: dict[str, list[tuple[float, float]]] = {}
        for part in _parts(sweep):
            for duel in _duels(ranker, part):
                own.setdefault(duel.name, []).append((100 * duel.ranker.regret, 100 * duel.other.regret))
        means = {name: np.mean(pairs, axis=0) for name, pairs in own.items()}
        for name, (one, other) in means.items():
            regrets.setdefault(name, []).append((float(one), float(other)))
        told = "; ".join(f"{name} {one:.2f}, {other:.2f}" for name, (one, other) in means.items())
        show(f"| {sweep.data}, {sweep.recipe} | {agreement[0]:.2f}, {agreement[1]:.2f} | {told} |")
    ours, theirs = np.mean(agreements, axis=0)
    show(
        f"\nSpearman after {_SHARE:.0%} of the epochs, mean of {len(sweeps)} sweeps: {ours:.3f}, by the last loss "
        f"{theirs:.3f}"
    )
    for name, pairs in regrets.items():
        one, other = np.mean(pairs, axis=0)
        show(f"regret, {name}: {one:.3f} %, the other rule {other:.3f} %")
    bar("early-ranking-spearman", float(ours), 0.85)
    for name, pairs in regrets.items():
        one, other = np.mean(pairs, axis=0)
        bar(f"regret-over-{name.replace(', ', '-').replace(' ', '-')}", one - other, 0.0, at_least=False)


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--collect", action="store_true")
    parser.add_argument("--anew", action="store_true")
    parser.add_argument("--threads", type=int, default=1)
    chosen = parser.parse_args()
    if chosen.collect or chosen.anew:
        known = read_table() if TABLE.exists() and not chosen.anew else []
        sweeps = collect(known, chosen.threads, write_table)
    else:
        sweeps = read_table()
    _judge(sweeps)


if __name__ == "__main__":
    main()
