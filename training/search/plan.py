"""What a search may try, how long each would take here, and which comes next."""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

from training.ground.recipe import Recipe, resolve
from training.kinds.kind import Candidate
from training.search.expectations import Expectations
from training.search.folding import trainings

# A minute has to bring so much of the score at the mean: 0.02 points.
_WORTH_A_MINUTE = 0.0002


@dataclass(frozen=True, kw_only=True, slots=True)
class Option:
    """A candidate as a recipe; `work` is the seconds that it would take on two ordinary processor cores."""

    candidate: Candidate
    recipe: Recipe
    work: float


def options(recipe: Recipe, samples: int) -> list[Option]:
    """What may be tried for a recipe of preset Auto: what the user chose is the same in all of them."""
    kind = recipe.kind
    given = recipe.model if recipe.model_chosen else None
    scratch = {"pretrained": False} if kind.has_pretrained and not recipe.pretrained else {}
    found = []
    for candidate in kind.candidates:
        if given and candidate.model not in (None, given):
            continue
        model = given or candidate.model
        made = resolve(kind.task, {"preset": candidate.preset.value, "model": model, **scratch})
        same = {name: getattr(recipe, name) for name in ("data_split", "seed", "class_weights")}
        made = dataclasses.replace(made, **same, **candidate.changes)
        told = made.to_json()
        work = kind.rough_seconds(told, samples) * trainings(told, samples)
        found.append(Option(candidate=candidate, recipe=made, work=work))
    return found


class Plan:
    """Chooses among `options`; the first, which is tried before there is anything to choose, is `tried` already."""

    def __init__(self, options: Sequence[Option]) -> None:
        self._options = options
        self._left = list(range(1, len(options)))
        self._took: list[tuple[float, float]] = []
        self._first: tuple[float, float] = (1.0, 1.0)
        self._expectations: Expectations | None = None

    def begin(self, seconds: float, error: float, count: int) -> None:
        """The first took so many seconds, and its error on `count` validation samples is `error`."""
        self._first = (seconds, self._options[0].work)
        self._expectations = Expectations([option.candidate for option in self._options], error, count)

    def learn(self, index: int, seconds: float, error: float | None) -> None:
        """Another was tried; `error` is None where it failed."""
        self._left.remove(index)
        if error is not None and self._expectations is not None:
            self._took.append((seconds, self._options[index].work))
            self._expectations.learn(index, error)

    def drop(self, index: int) -> None:
        """It cannot be tried."""
        self._left.remove(index)

    def seconds(self, index: int) -> float:
        """How long it would take, by how long others took."""
        times = self._took or [self._first]
        return (
            self._options[index].work
            * sum(took for took, _ in times)
            / max(sum(work for _, work in times), 1e-6)
        )

    def next(self, left: float) -> int | None:
        """What promises most for its time and takes no more than `left` seconds; None where nothing is worth it."""
        fitting = [index for index in self._worth() if self.seconds(index) <= left]
        return max(fitting, key=self._rate, default=None)

    def out_of_reach(self) -> int | None:
        """The quickest that would be worth its time but has not been tried."""
        return min(self._worth(), key=self.seconds, default=None)

    def _worth(self) -> list[int]:
        return [index for index in self._left if self._rate(index) >= _WORTH_A_MINUTE / 60]

    def _rate(self, index: int) -> float:
        assert self._expectations is not None
        return self._expectations.gain(index) / max(self.seconds(index), 1.0)
