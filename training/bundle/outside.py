"""Which answers are probably about none of the classes: those whose probabilities are spread more than is usual."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# A probability of nothing adds nothing.
_SMALLEST = 1e-12


def spread(probabilities: "NDArray[np.floating[Any]]") -> "NDArray[np.float64]":
    """The entropy, in nats, of each row of `probabilities` [N, C]: 0 for a sure answer, log C for none at all."""
    import numpy as np  # here, so that the web starts light

    shares = probabilities.astype(np.float64)
    found: NDArray[np.float64] = -(shares * np.log(np.maximum(shares, _SMALLEST))).sum(axis=1)
    return found


def most_spread(outside: Any) -> float | None:
    """Above which spread an answer is outside, by `outside` of model.json; None where the model does not tell.

    Raises KeyError, TypeError or ValueError when it makes no sense.
    """
    if outside is None:
        return None
    threshold = float(outside["threshold"])
    if not threshold >= 0:
        raise ValueError("a spread is never below 0")
    return threshold
