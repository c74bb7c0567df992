"""What a new model must keep of an earlier one to take its place, and what changed between the two.

The owner's part of it lies beside the earlier bundle, as gate.json:

    most_class_loss   by how much the recall of a class may fall, a share; null: by any
    must_pass         [{label, text}] or [{label, file}]: samples that the new model must answer with that label
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import exp, lgamma, log
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from training.evaluation.report import MAX_SOURCE
from training.targets.target import Target

GATE_FILE = "gate.json"
# A class of few samples loses a large share by one of them.
_FEWEST_LOST = 2
_MOST_FLIPS = 200
Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Gate:
    """See the module; `must_pass` are items as the kind reads them, a sentence or the bytes of a picture."""

    most_class_loss: float | None = None
    must_pass: tuple[tuple[Any, str], ...] = ()

    @classmethod
    def of(cls, folder: Path) -> Self:
        """That of the earlier bundle in `folder`; one that asks for nothing where there is no file."""
        path = folder / GATE_FILE
        if not path.exists():
            return cls()
        told = json.loads(path.read_text("utf-8"))
        return cls(
            told["most_class_loss"],
            tuple(
                (row["text"] if "text" in row else (folder / row["file"]).read_bytes(), row["label"])
                for row in told["must_pass"]
            ),
        )


def chance_of_loss(was_right: Bools, is_right: Bools, sources: NDArray[np.int64] | None) -> float:
    """How probable so many losses or more are if the new model is as good, 0 to 1 (a sign test, Dixon & Mood 1946).

    Samples of one source count as one: it is lost, won, or neither.
    """
    places = np.arange(len(is_right)) if sources is None else np.unique(sources, return_inverse=True)[1]
    change = np.zeros(int(places.max()) + 1 if len(places) else 0, np.int64)
    np.add.at(change, places, is_right.astype(np.int64) - was_right)
    lost, changed = int((change < 0).sum()), int((change != 0).sum())
    terms = (
        lgamma(changed + 1) - lgamma(k + 1) - lgamma(changed - k + 1) - changed * log(2)
        for k in range(lost, changed + 1)
    )
    return min(1.0, sum(map(exp, terms)))


def most_lost(
    classes: Sequence[str],
    kept: Sequence[str],
    truth: NDArray[Any],
    before: NDArray[Any],
    after: NDArray[Any],
) -> dict[str, Any] | None:
    """The class of `kept` whose recall fell most, by two samples at least; None where none did.

    Truth and decisions are classes [N], or bool [N, C].
    """
    found: dict[str, Any] | None = None
    for name in kept:
        place = classes.index(name)
        has, was, now = (_says(some, place) for some in (truth, before, after))
        count, lost = int(has.sum()), int((has & was).sum()) - int((has & now).sum())
        if lost >= _FEWEST_LOST and (found is None or lost / count > found["loss"]):
            found = {"label": name, "samples": count, "lost": lost, "loss": round(lost / count, 4)}
    return found


def flips(
    target: Target,
    classes: Sequence[str],
    truth: NDArray[Any],
    before: NDArray[Any],
    after: NDArray[Any],
    shown: Callable[[int], str],
) -> dict[str, Any]:
    """Samples that the two answer differently: how many, and the first of them; what is lost stands first."""
    was, now = target.right(before, truth), target.right(after, truth)
    changed = before != after
    places = np.flatnonzero(changed if changed.ndim == 1 else changed.any(axis=1))
    order = np.where(was[places] & ~now[places], 0, np.where(now[places], 1, 2))
    places = places[np.argsort(order, kind="stable")]
    rows = [
        {
            "source": shown(int(i))[:MAX_SOURCE],
            **{
                name: target.words(classes, some[i])
                for name, some in (("label", truth), ("before", before), ("after", after))
            },
        }
        for i in places[:_MOST_FLIPS]
    ]
    return {
        "count": len(places),
        "lost": int((order == 0).sum()),
        "won": int((order == 1).sum()),
        "rows": rows,
    }


def _says(some: NDArray[Any], place: int) -> Bools:
    said: Bools = some == place if some.ndim == 1 else some[:, place]
    return said
