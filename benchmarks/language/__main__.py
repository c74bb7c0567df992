"""How long a pretrained encoder takes to learn and to read, and how well it learns, beside the usual libraries.

    make bench NAME=language
    make bench NAME=language ARGS='--sets trec6 --times 1 --rows 400 --sentences 300 --setfit trec6:8'

- Trainings: preset Balanced with MiniLM against the whole encoder fine-tuned by a plain loop of transformers, from the
  same weights with the same rows, split and number of epochs. Seconds are those of the whole process until the model
  is saved.
- Reading: sentences to embeddings, against sentence-transformers' `encode`. Flash computes as a training does on this
  machine; how far its embeddings are from the library's is measured in single precision.
- A few examples (`--setfit SET:EACH ...`): presets Quick and Balanced against SetFit, with EACH rows of each class.

Both sides have as many threads and take turns; figures are medians. Processor time stands beside the clock's, for a
machine that has other things to do. The libraries live in an environment of their own, with Flash's own torch.
"""

import argparse
import json
import statistics
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from benchmarks.language.on_demand import OnDemand
from benchmarks.language.runs import WEIGHTS, Cost, by_flash, by_peer
from benchmarks.language.tables import few_rows, first_rows, sentences
from benchmarks.site import bar
from benchmarks.tools_environment import python_beside_torch
from training.ground.recipe import resolve
from training.kinds.sentences.catalog import TASK

_SECONDS = {"trec6": 45.0, "mr": 80.0, "banking77": 180.0}
_TIMES_FASTER, _READING_TIMES_FASTER, _SHARE_OF_SETFIT = 3.0, 2.5, 0.2
_POINTS_BELOW, _POINTS_BELOW_SETFIT, _MOST_APART = -0.3, -0.5, 1e-4

Bar = tuple[str, float, float, bool]


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sets", nargs="*", default=list(_SECONDS), help="to train on")
    parser.add_argument("--rows", type=int, help="take no more of each set")
    parser.add_argument("--rate", type=float, default=1e-4, help="the plain loop's learning rate")
    parser.add_argument("--sentences", type=int, default=2_000, help="to read; 0: none")
    parser.add_argument("--setfit", nargs="*", default=[], metavar="SET:EACH")
    parser.add_argument("--times", type=int, default=3, help="each training")
    parser.add_argument("--threads", type=int, default=2)
    chosen = parser.parse_args()
    python = python_beside_torch("language_tools", Path(__file__).with_name("tools.txt"))
    bars: list[Bar] = []
    with tempfile.TemporaryDirectory(prefix="flash-bench-") as temporary:
        folder = Path(temporary)
        if chosen.sentences:
            bars += _reading(python, folder / "reading", chosen)
        for name in chosen.sets:
            bars += _trainings(name, python, folder / name, chosen)
        for name, _, each in (entry.partition(":") for entry in chosen.setfit):
            bars += _few(name, int(each or 8), python, folder / f"{name}_{each}", chosen)
    for name, value, goal, at_least in bars:
        bar(name, value, goal, at_least=at_least)


def _reading(python: Path, folder: Path, chosen: argparse.Namespace) -> list[Bar]:
    """Alternating between two processes that have loaded everything."""
    folder.mkdir()
    read = folder / "sentences.json"
    read.write_text(json.dumps(sentences(list(_SECONDS), chosen.sentences)), encoding="utf-8")
    ours, single, theirs = [], [], []
    module, own = "benchmarks.language.embed", Path(sys.executable)
    with (
        OnDemand(python, f"{module}_peer", WEIGHTS, read, folder / "peer", chosen.threads) as peer,
        OnDemand(own, module, WEIGHTS, read, folder / "flash", chosen.threads) as flash,
    ):
        for _ in range(max(chosen.times, 3)):
            theirs.append(peer.ask())
            ours.append(flash.ask())
            single.append(flash.ask("single"))
        apart = float(np.abs(peer.found() - flash.found("single")).max())
        rounded = float(np.abs(peer.found() - flash.found()).max())
    print(f"reading {chosen.sentences:,} sentences of {', '.join(_SECONDS)}", flush=True)
    for name, times in (
        ("Flash", ours),
        ("Flash in single precision", single),
        ("sentence-transformers", theirs),
    ):
        seconds, processor = (statistics.median(column) for column in zip(*times, strict=True))
        print(
            f"  {name}: {seconds:.2f} s, {chosen.sentences / seconds:,.0f} a second, processor time {processor:.2f} s"
        )
    print(
        f"  numbers of unit vectors are at most {apart:.1e} apart, {rounded:.1e} as Flash reads", flush=True
    )
    faster = [statistics.median(t[i] for t in theirs) / statistics.median(o[i] for o in ours) for i in (0, 1)]
    print(f"  Flash is {faster[0]:.2f} times faster, {faster[1]:.2f} times by processor time", flush=True)
    return [
        ("language-reading-times-faster", faster[0], _READING_TIMES_FASTER, True),
        ("language-reading-apart", apart, _MOST_APART, False),
    ]


def _trainings(name: str, python: Path, folder: Path, chosen: argparse.Namespace) -> list[Bar]:
    tables = first_rows(name, folder, chosen.rows)
    epochs = resolve(TASK, {"preset": "balanced", "model": "minilm"}).epochs
    options = {"epochs": epochs, "rate": chosen.rate}
    costs = _in_turns(
        {
            "Flash Balanced": lambda: by_flash(tables, "balanced", chosen.threads),
            "the plain loop": lambda: by_peer(python, "fine_tune", folder, chosen.threads, **options),
        },
        chosen.times,
    )
    _tell(f"{name}, {epochs} epochs, {chosen.times} times each", costs)
    flash, loop = (_medians(own) for own in costs.values())
    print(
        f"  Flash is {loop.seconds / flash.seconds:.2f} times faster, {loop.processor / flash.processor:.2f} times "
        f"by processor time, {loop.work / flash.work:.2f} times without imports",
        flush=True,
    )
    return [
        (f"language-{name}-balanced-seconds", flash.seconds, _SECONDS.get(name, 180.0), False),
        (f"language-{name}-times-faster-than-plain", loop.seconds / flash.seconds, _TIMES_FASTER, True),
        (f"language-{name}-accuracy-above-plain", flash.test - loop.test, _POINTS_BELOW, True),
    ]


def _few(name: str, each: int, python: Path, folder: Path, chosen: argparse.Namespace) -> list[Bar]:
    """SetFit takes minutes, where chance hardly matters: it runs once."""
    tables = few_rows(name, folder, each)
    costs = _in_turns(
        {
            "Flash Quick": lambda: by_flash(tables, "quick", chosen.threads),
            "Flash Balanced": lambda: by_flash(tables, "balanced", chosen.threads),
            "SetFit": lambda: by_peer(python, "few", folder, chosen.threads),
        },
        1,
    )
    _tell(f"{name}, {each} of each class", costs)
    quick, balanced, setfit = (_medians(own) for own in costs.values())
    bars: list[Bar] = []
    for preset, flash in (("quick", quick), ("balanced", balanced)):
        start = f"language-{name}-{each}-each-{preset}"
        bars.append((f"{start}-above-setfit", flash.test - setfit.test, _POINTS_BELOW_SETFIT, True))
        bars.append((f"{start}-share-of-setfit", flash.seconds / setfit.seconds, _SHARE_OF_SETFIT, False))
    return bars


def _in_turns(runs: Mapping[str, Callable[[], Cost]], times: int) -> dict[str, list[Cost]]:
    costs: dict[str, list[Cost]] = {name: [] for name in runs}
    for number in range(times):
        order = list(runs) if number % 2 == 0 else list(reversed(runs))
        for name in order:
            costs[name].append(runs[name]())
    return costs


def _medians(costs: list[Cost]) -> Cost:
    columns = ("seconds", "processor", "work", "test")
    return Cost(*(statistics.median(getattr(cost, column) for cost in costs) for column in columns))


def _tell(title: str, costs: Mapping[str, list[Cost]]) -> None:
    print(title, flush=True)
    for name, own in costs.items():
        cost = _medians(own)
        print(
            f"  {name}: {cost.seconds:.1f} s, {cost.work:.1f} s without imports, processor time "
            f"{cost.processor:.1f} s, test {cost.test:.2f} %; "
            f"all: {', '.join(f'{one.seconds:.1f} s {one.test:.2f} %' for one in own)}",
            flush=True,
        )


if __name__ == "__main__":
    main()
