"""The classes of a dataset, and what is odd about their sizes."""

from collections.abc import Mapping

from jobs.uploads.errors import UploadRefused, listed, shown
from jobs.uploads.findings import ClassCount, Notes
from training.ground.limits import Limits

_TINY = 10
_UNEVEN = 10


def checked_classes(
    counts: Mapping[str, int], limits: Limits, notes: Notes, *, things: str, example: str
) -> list[ClassCount]:
    """The classes that are large enough, in alphabetical order; `things` is the plural word for the samples.

    Raises UploadRefused (422) when fewer than two are left.
    """
    kept = {label: count for label, count in sorted(counts.items()) if count >= limits.min_per_class}
    dropped = [label for label in sorted(counts) if label not in kept]
    if len(kept) < 2:
        raise _too_few(counts, kept, limits, notes, things, example)
    for label in dropped:
        notes.repair(
            label,
            f"This class was left out: it has {counts[label]}, and {limits.min_per_class} {things} are needed to train "
            "and to measure.",
        )
    _warn_of_sizes(kept, notes, things)
    return [ClassCount(label, count) for label, count in kept.items()]


def _too_few(
    counts: Mapping[str, int],
    kept: Mapping[str, int],
    limits: Limits,
    notes: Notes,
    things: str,
    example: str,
) -> UploadRefused:
    if len(counts) < 2:
        only = shown(next(iter(counts), "none"), 40)
        sentence = f'There is only one class ("{only}"); a classifier needs at least two.'
    else:
        small = [f'"{shown(label, 40)}" has {counts[label]}' for label in sorted(counts) if label not in kept]
        sentence = (
            f"Too few classes have {limits.min_per_class} {things} or more: {len(kept)} of {len(counts):,}, and a "
            f"classifier needs at least two. Too small: {listed(small)}."
        )
    return UploadRefused(f"{sentence} {example}", status=422, code="too_few_classes", notes=notes.skipped)


def _warn_of_sizes(kept: Mapping[str, int], notes: Notes, things: str) -> None:
    tiny = [f"{label} ({count})" for label, count in kept.items() if count < _TINY]
    if tiny:
        notes.warn(
            listed(tiny),
            f"Very few {things}: the accuracy of such a class is little more than a guess. Add more.",
        )
    letters = [label for label in kept if label != label.casefold() and label.casefold() in kept]
    if letters:
        notes.warn(
            listed(letters),
            "These differ from other classes only in case, and were kept separate. Are they the same?",
        )
    most, least = max(kept, key=kept.__getitem__), min(kept, key=kept.__getitem__)
    if kept[most] >= _UNEVEN * kept[least]:
        notes.warn(
            "Classes",
            f'"{shown(most, 40)}" has {kept[most]:,} {things}, "{shown(least, 40)}" {kept[least]:,}: '
            f"{kept[most] / kept[least]:.0f} times as many. Look at the figures per class, too.",
        )
