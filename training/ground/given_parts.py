"""The parts that an upload names itself: what may be learned from and measured on, and what is kept for the end."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.ground.events import Events
from training.ground.samples import TEST, VALIDATION, Samples, class_counts, labelled


def hold_out_test(samples: Samples[Any], events: Events) -> tuple[Samples[Any], Samples[Any] | None]:
    """What a training may see of `samples`, and the given test part; None where there is none.

    The test part has only classes that the rest can teach. Of a given validation part likewise only these stay. Parts
    that leave nothing to learn from are not kept to, with a warning.
    """
    if not samples.splits:
        return samples, None
    test = samples.of_split(TEST)
    if len(test) == len(samples.items):
        events.warning(
            "All samples are in the test part, so there is nothing to learn from. They are split as if no part had "
            "been given, and there is no separate test."
        )
        return _without_parts(samples), None
    seen = np.setdiff1d(np.arange(len(samples.items)), test)
    validation = samples.of_split(VALIDATION)
    learned = np.setdiff1d(seen, validation)
    if not len(learned):
        events.warning(
            f"The data has a validation part ({len(validation)} samples) but no training part, so the validation "
            "part is split: most of it is learned from, the rest is measured on."
        )
        return _without_parts(samples.keep(seen.tolist())), _known(samples, test, seen, TEST, events)
    measured = _of_classes(samples, validation, learned, VALIDATION, events)
    kept = samples.keep(np.union1d(learned, measured).tolist())
    return kept, _known(samples, test, learned, TEST, events)


def _without_parts(samples: Samples[Any]) -> Samples[Any]:
    return labelled(
        samples.items, samples.places, samples.names, samples.contents, samples.words, groups=samples.groups
    )


def _known(
    samples: Samples[Any], part: NDArray[np.int64], learned: NDArray[np.int64], name: str, events: Events
) -> Samples[Any] | None:
    """The samples of `part` whose classes are learned; None where there are none."""
    places = _of_classes(samples, part, learned, name, events)
    return samples.keep(places.tolist()) if len(places) else None


def _of_classes(
    samples: Samples[Any], part: NDArray[np.int64], learned: NDArray[np.int64], name: str, events: Events
) -> NDArray[np.int64]:
    """Those of `part` whose classes are among those of `learned`; tells of the others."""
    taught = samples.taught_by(learned)[part]
    lost = class_counts(samples.labels[part[~taught]], len(samples.classes))
    missing = class_counts(samples.labels[learned], len(samples.classes)) == 0
    unknown = sorted(samples.classes[i] for i in np.flatnonzero((lost > 0) & missing))
    if unknown:
        names = ", ".join(label[:60] for label in unknown[:5]) + (", ..." if len(unknown) > 5 else "")
        count = int((~taught).sum())
        events.warning(
            f"{count} {'sample' if count == 1 else 'samples'} of the {name} part {'is' if count == 1 else 'are'} "
            f"left out: the training part has no samples of {'its class' if count == 1 else 'their classes'} "
            f"({names})."
        )
    return part[taught]
