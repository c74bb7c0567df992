"""How far answers are off where the classes are in an order: 4 stars for 5 are not as wrong as 1 star.

`ordered` of report.json, of the validation part:

    order                the classes, the lowest first
    mean_absolute_error  by how many steps the answers are off on average
    always_middle        what it would be, were the answer always the class that makes it lowest
    within_one           the share of answers that are off by one step at most
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.targets.label_order import in_order, positions_of


def ordered_figures(
    labels: Sequence[str], truth: NDArray[np.int64], decisions: NDArray[np.int64]
) -> dict[str, Any]:
    """See above; {} where the classes are in no known order, or nothing was measured."""
    found = positions_of(labels)
    if found is None or not len(truth):
        return {}
    positions = np.array(found)
    off = np.abs(positions[truth] - positions[decisions])
    always = np.abs(positions[truth][:, None] - positions[None, :]).mean(axis=0).min()
    return {
        "ordered": {
            "order": in_order(labels),
            "mean_absolute_error": round(float(off.mean()), 4),
            "always_middle": round(float(always), 4),
            "within_one": round(float((off <= 1).mean()), 6),
        }
    }
