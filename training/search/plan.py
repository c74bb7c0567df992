"""What a search may try, how long each would take here, and which comes next."""

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass

from training.ground.recipe import Recipe, resolve
from training.kinds.kind import Candidate
from training.search.expectations import Expectations
from training.search.folding import trainings

# A minute has to bring so much of the score at the mean: 0.02 points.
_WORTH_A_MINUTE = 0.0002
# What learns in epochs may be given fewer of them, but this share and this many at least.
_LEAST_SHARE, _FEWEST_EPOCHS = 0.25, 2


@dataclass(frozen=True, kw_only=True, slots=True)
class Option:
    """A candidate as a recipe; `work` is the seconds that it would take on two ordinary processor cores."""

    candidate: Candidate
    recipe: Recipe
    work: float

    def in_epochs(self, epochs: int | None) -> Recipe:
        """Its recipe with so many epochs; None: with its own."""
        return self.recipe if epochs is None else dataclasses.replace(self.recipe, epochs=epochs)

    def share(self, epochs: int | None) -> float:
        """How much of its time so many epochs take."""
        return 1.0 if epochs is None else epochs / self.recipe.epochs

    @property
    def fewest_epochs(self) -> int | None:
        """With how many it can still be tried; None where it has no fewer."""
        if self.recipe.kind.is_convex(self.recipe.to_json()):
            return None
        fewest = max(_FEWEST_EPOCHS, math.ceil(_LEAST_SHARE * self.recipe.epochs))
        return fewest if fewest < self.recipe.epochs else None


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

    def learn(self, index: int, seconds: float, error: float | None, epochs: int | None = None) -> None:
        """Another was tried, perhaps in fewer `epochs` than its own; `error` is None where it failed."""
        self._left.remove(index)
        if error is not None and self._expectations is not None:
            option = self._options[index]
            self._took.append((seconds, option.work * option.share(epochs)))
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
        """What promises most for its time and takes no more than `left` seconds; None where nothing is worth it.

        Where nothing fits whole, it is what promises most in as many epochs as fit.
        """
        worth = self._worth()
        fitting = [index for index in worth if self.seconds(index) <= left]
        if not fitting:
            fitting = [index for index in worth if self.epochs(index, left) is not None]
        return max(fitting, key=self._rate, default=None)

    def epochs(self, index: int, left: float) -> int | None:
        """In how many epochs it takes `left` seconds, where its own take more; None: in its own, or it cannot."""
        seconds, option = self.seconds(index), self._options[index]
        if seconds <= left or option.fewest_epochs is None:
            return None
        found = int(option.recipe.epochs * left / seconds)
        return found if found >= option.fewest_epochs else None

    def out_of_reach(self) -> int | None:
        """The quickest that would be worth its time but has not been tried."""
        return min(self._worth(), key=self.seconds, default=None)

    def _worth(self) -> list[int]:
        return [index for index in self._left if self._rate(index) >= _WORTH_A_MINUTE / 60]

    def _rate(self, index: int) -> float:
        assert self._expectations is not None
        return self._expectations.gain(index) / max(self.seconds(index), 1.0)
