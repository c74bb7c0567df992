"""What a network answered, ranked: of all inputs at once, for Python takes longer than a small network."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING, Any, overload

from training.bundle.outside import spread

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# Decimals of a probability in an answer.
_DECIMALS = 6


@dataclass(frozen=True, kw_only=True, slots=True)
class Prediction:
    """The likeliest label of one input, and the `top` ones with their probabilities, likeliest first.

    It is probably about none of the classes where it is `outside`; None where the model does not tell. Of a model with
    any number of labels a sample `labels` are those that are said, with their probabilities, likeliest first; else
    None.
    """

    label: str
    probability: float
    top: list[tuple[str, float]]
    outside: bool | None = None
    labels: list[tuple[str, float]] | None = None


class Predictions(Sequence[Prediction]):
    """One for each row of `probabilities` [N, C], with its `top_k` likeliest of the C `classes`; equal ones in order.

    Those whose probabilities are spread more than `most_spread` are outside. With `thresholds` [C] each also has all
    labels that are as likely as that. Raises ValueError where a probability is no number.
    """

    def __init__(
        self,
        probabilities: "NDArray[np.float32]",
        classes: Sequence[str],
        top_k: int,
        most_spread: float | None = None,
        thresholds: Sequence[float] | None = None,
    ) -> None:
        import numpy as np  # here, so that the web starts light

        best = (-probabilities).argsort(axis=1, kind="stable")[:, : max(1, top_k)]
        self._classes = classes
        self._best = best
        # Not take_along_axis and isfinite: for a single row they take four times as long.
        self._shares = probabilities[np.arange(len(best))[:, None], best].astype(np.float64)
        if not isfinite(probabilities.sum()):
            raise ValueError("its answer is not a number")
        self._outside: list[bool] | None = None
        if most_spread is not None:
            self._outside = (spread(probabilities) > most_spread).tolist()
        self._said: list[list[tuple[str, float]]] | None = None
        if thresholds is not None:
            limits = np.asarray(thresholds, np.float32)
            self._said = [_said(row, limits, classes) for row in probabilities]

    def __len__(self) -> int:
        return len(self._best)

    @overload
    def __getitem__(self, index: int) -> Prediction: ...

    @overload
    def __getitem__(self, index: slice) -> list[Prediction]: ...

    def __getitem__(self, index: int | slice) -> Prediction | list[Prediction]:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        labels = [self._classes[place] for place in self._best[index].tolist()]
        shares = self._shares[index].tolist()
        return Prediction(
            label=labels[0],
            probability=shares[0],
            top=list(zip(labels, shares, strict=True)),
            outside=None if self._outside is None else self._outside[index],
            labels=None if self._said is None else self._said[index],
        )

    def to_json(self) -> list[dict[str, Any]]:
        """As the API answers them."""
        classes, found = self._classes, []
        rows = zip(self._best.tolist(), self._shares.round(_DECIMALS).tolist(), strict=True)
        for best, shares in rows:
            top = [
                {"label": classes[place], "probability": share}
                for place, share in zip(best, shares, strict=True)
            ]
            found.append({**top[0], "top": top})
        for answer, outside in zip(found, self._outside or (), strict=False):
            answer["outside"] = outside
        for answer, said in zip(found, self._said or (), strict=False):
            answer["labels"] = [
                {"label": label, "probability": round(share, _DECIMALS)} for label, share in said
            ]
        return found


def _said(
    row: "NDArray[np.float32]", limits: "NDArray[np.float32]", classes: Sequence[str]
) -> list[tuple[str, float]]:
    """The labels of one input that are as likely as their limits, the likeliest first."""
    places = (row >= limits).nonzero()[0].tolist()
    return sorted(((classes[place], float(row[place])) for place in places), key=lambda one: -one[1])
