"""What to collect next: how much better the model would probably be with more samples of a class, or of all.

A simpler model of the same features, which is quick to fit, learns from a quarter, a half, three quarters and all of
the samples, in folds; its errors follow a power law of their number (Hestness et al. 2017, for accuracy Mahmood et al.
2022). Then half of one class is left out after another: what that costs, once more shrunk by the law, is what as many
samples again of this class would bring.

`collect` of report.json; gains are shares, with 95 % intervals of the gain on as many new samples as were `asked`:

    points   [{count, accuracy}]: what such a model reaches with so many samples to learn from
    twice    {more, gain, low, high}: as many again of all classes
    classes  [{label, more, gain, low, high}]: as many again of this class alone, the largest gain first
    asked    how many samples the figures are of
"""

import sys
import time
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from training.ground.errors import Interrupted
from training.ground.run import Run

if TYPE_CHECKING:
    from training.evaluation.outcome import Outcome

Indices = NDArray[np.int64]
# So many samples are enough to see how the errors fall.
MOST_SAMPLES = 4_000
FEWEST_SAMPLES, FEWEST_OF_A_CLASS = 60, 8
_SHARES = (0.25, 0.5, 0.75, 1.0)
_FOLDS, _MOST_CLASSES, _DRAWS = 4, 5, 300
# Of the time that the training took; the first fold's models of the shares are made whatever they take.
_TIME_SHARE, _LEAST_SECONDS = 0.07, 0.5
# How far the law itself may be off, as a share of the gain.
_DOUBT = 0.3
_NORMAL = 1.959964


class Refits(Protocol):
    """Simpler models of what a training made of its samples, each of which learns from some of them."""

    @property
    def places(self) -> Indices:
        """Which of the outcome's samples can be learned from and asked about, [N]."""

    def answers(self, learned: Indices, asked: Indices) -> NDArray[np.float32]:
        """The probabilities [n, C] that a model which learned from some gives others; both are indices of `places`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Asked:
    """Which answers were right: of the models of each share [4, n], and of those that lack half of a class [K, n]."""

    by_share: NDArray[np.bool_]
    without: NDArray[np.bool_]
    counts: NDArray[np.float64]


def collect_figures(outcome: "Outcome", run: Run) -> dict[str, Any]:
    """`collect` of report.json; {} where nothing can be said. It may not cost the training its success."""
    refits = outcome.refits
    # Of several labels a sample half of a class cannot be left out.
    if refits is None or len(refits.places) < FEWEST_SAMPLES or not outcome.target.answers_one:
        return {}
    budget = max(_LEAST_SECONDS, _TIME_SHARE * sum(run.phases.seconds.values()))
    with run.phases.time("what to collect"):
        try:
            return {"collect": _Curve(outcome, refits, run).figures(budget)}
        except Interrupted:
            raise
        except Exception:
            traceback.print_exc(file=sys.stderr)
            run.events.log("What to collect next could not be determined.")
            return {}


class _Curve:
    """The folds of one training."""

    def __init__(self, outcome: "Outcome", refits: Refits, run: Run) -> None:
        self._outcome, self._refits, self._run = outcome, refits, run
        self._target, self._labels = outcome.target, outcome.samples.labels[refits.places]
        sources = outcome.sources
        self._sources = np.arange(len(refits.places)) if sources is None else sources[refits.places]
        self._random = np.random.default_rng(outcome.recipe.seed)
        self._asked = 0
        # All that the deployed model has learned from.
        self._whole = max(outcome.deployed_count, outcome.train_count)
        self._whole_of = np.bincount(outcome.samples.labels, minlength=len(outcome.classes))

    def figures(self, budget: float) -> dict[str, Any]:
        """As report.json has them."""
        started, longest = time.monotonic(), 0.0
        folds = self._folds()
        classes: list[int] = []
        found: list[_Asked] = []
        for fold in range(_FOLDS):
            self._run.control.check()
            before = time.monotonic() - started
            if found and (self._run.control.out_of_time or before + longest > budget):
                break
            asked, rest = np.flatnonzero(folds == fold), np.flatnonzero(folds != fold)
            if not len(asked) or len(np.unique(self._labels[rest])) < 2:
                continue
            shares, counts, last = self._by_share(rest, asked)
            if not found:
                # As many as there is time for: each learns from nearly all, the models of the shares from 62 % of it.
                each = (time.monotonic() - started) / sum(_SHARES)
                affordable = int(max(budget - sum(_SHARES) * each, 0.0) / max(each, 1e-9))
                classes = self._promising(asked, last)[:affordable]
            found.append(_Asked(by_share=shares, without=self._without(rest, asked, classes), counts=counts))
            longest = max(longest, time.monotonic() - started - before)
        return self._told(found, classes)

    def _folds(self) -> Indices:
        """The fold of each sample; those of one source are in one."""
        numbers, place = np.unique(self._sources, return_inverse=True)
        return (self._random.permutation(len(numbers)) % _FOLDS)[place]

    def _right(self, learned: Indices, asked: Indices) -> tuple[NDArray[np.bool_], Any]:
        decided = self._target.decide(self._refits.answers(learned, asked))
        return self._target.right(decided, self._labels[asked]), decided

    def _by_share(self, rest: Indices, asked: Indices) -> tuple[NDArray[np.bool_], NDArray[np.float64], Any]:
        """Right answers by models of ever more samples of each class."""
        order = self._random.permutation(rest)
        rank = np.zeros(len(order))
        for label in np.unique(self._labels[order]):
            own = np.flatnonzero(self._labels[order] == label)
            # Every class has one sample in each share.
            rank[own] = np.arange(len(own)) / len(own)
        rows, counts, decided = [], [], None
        for share in _SHARES:
            learned = np.sort(order[rank < share])
            right, decided = self._right(learned, asked)
            rows.append(right)
            counts.append(float(len(learned)))
        return np.array(rows), np.array(counts), decided

    def _promising(self, asked: Indices, decided: Any) -> list[int]:
        """The classes that take part in most mistakes."""
        truth = self._labels[asked]
        counts = np.bincount(self._labels, minlength=len(self._outcome.classes))
        wrong = np.asarray(decided) != truth
        size = len(counts)
        involved = np.bincount(truth[wrong], minlength=size) + 0.5 * np.bincount(
            np.asarray(decided)[wrong], minlength=size
        )
        order = [int(c) for c in np.argsort(-involved, kind="stable")]
        return [c for c in order if counts[c] >= FEWEST_OF_A_CLASS and involved[c]][:_MOST_CLASSES]

    def _without(self, rest: Indices, asked: Indices, classes: Sequence[int]) -> NDArray[np.bool_]:
        rows = []
        for label in classes:
            own = self._random.permutation(rest[self._labels[rest] == label])
            rows.append(self._right(np.setdiff1d(rest, own[: len(own) // 2]), asked)[0])
        return np.array(rows).reshape(len(classes), len(asked))

    def _told(self, found: Sequence[_Asked], classes: Sequence[int]) -> dict[str, Any]:
        shares = np.concatenate([one.by_share for one in found], axis=1)
        self._asked = int(shares.shape[1])
        without = np.concatenate([one.without for one in found], axis=1)
        counts = np.mean([one.counts for one in found], axis=0)
        draws = self._draws(shares.shape[1])
        law = _Law(counts, 1 - _means(shares, draws))
        accuracies = _means(shares, draws[:1])[0]
        twice = law.gain(self._whole, 2 * self._whole)
        moved = float((shares[-1] != shares[1]).mean())
        told = [
            self._of_class(c, shares[-1], row, draws, law) for c, row in zip(classes, without, strict=True)
        ]
        told.sort(key=lambda row: -row["gain"])
        return {
            "points": [
                {"count": round(count), "accuracy": round(float(value), 6)}
                for count, value in zip(counts, accuracies, strict=True)
            ],
            "twice": {"more": self._whole, **self._interval(twice, moved)},
            "classes": told,
            "asked": self._asked,
        }

    def _of_class(
        self, label: int, whole: NDArray[Any], without: NDArray[Any], draws: NDArray[Any], law: "_Law"
    ) -> dict[str, Any]:
        lost = _means(whole.astype(float) - without.astype(float), draws)
        # What half of the class had brought, the other half again brings less of, and as much again still less.
        gains = lost * law.shrinks(float(law.counts[-1]), self._whole)
        return {
            "label": self._outcome.classes[label],
            "more": int(self._whole_of[label]),
            **self._interval(gains, float((whole != without).mean())),
        }

    def _draws(self, count: int) -> NDArray[np.float64]:
        """Weights of the samples [1 + D, n]: all alike, then bootstrap draws."""
        drawn = self._random.multinomial(count, np.full(count, 1 / count), size=_DRAWS)
        return np.concatenate([np.ones((1, count)), drawn]) / count

    def _interval(self, gains: NDArray[Any], moved: float) -> dict[str, float]:
        """Of `gains`, the best guess first, then by draws; `moved` is the share of answers that such data change."""
        best, spread = float(gains[0]), float(gains[1:].std())
        # The gain is measured again, on as many new samples.
        again = moved / self._asked
        reach = _NORMAL * float(np.sqrt(spread**2 + (_DOUBT * best) ** 2 + again))
        told = {"gain": best, "low": max(best - reach, -1.0), "high": min(best + reach, 1.0)}
        return {name: round(value, 6) for name, value in told.items()}


class _Law:
    """Errors fall with the power of the number of samples: fitted to `errors` [D, 4] at `counts` [4], D times."""

    def __init__(self, counts: NDArray[np.float64], errors: NDArray[np.float64]) -> None:
        self.counts = counts
        logs, places = np.log(np.maximum(errors, 1e-4)), np.log(counts)
        # Errors of few samples scatter more, and the law holds less well there.
        weights = counts / counts.sum()
        middle = places - (weights * places).sum()
        self._slope = np.minimum((weights * middle * logs).sum(1) / (weights * middle**2).sum(), 0.0)
        self._height = (weights * logs).sum(1) - self._slope * (weights * places).sum()

    def gain(self, before: float, after: float) -> NDArray[np.float64]:
        """By how much the share of errors falls from so many samples to so many, [D]."""
        at = [np.exp(self._height + self._slope * np.log(count)) for count in (before, after)]
        return np.asarray(at[0] - at[1])

    def shrinks(self, before: float, after: float) -> NDArray[np.float64]:
        """What a doubling that ends at twice `after` brings against one that ended at `before`, [D]."""
        return np.asarray(np.exp(self._slope * np.log(2 * after / before)))


def _means(rows: NDArray[Any], draws: NDArray[np.float64]) -> NDArray[np.float64]:
    """The mean of the row [n], or of each of the rows [K, n], by each of the weights [D, n]."""
    return np.asarray(draws @ rows.astype(float).T)
