"""What the grouping does with versions whose source is known: finds them, and joins what is not one."""

import random
from typing import NamedTuple

import numpy as np

from benchmarks.honesty.sets import TEXTS, links, of_file, versions
from benchmarks.honesty.versions import VERSIONS
from training.ground.sources import sources_of

_SENTENCES, _PICTURES = 1_500, 240


class Joined(NamedTuple):
    """In percent: versions in the source of their original, and originals that share one with an original of another
    class; those of one class may be of one source indeed, as sets are."""

    versions: float
    wrongly: float


def joined(name: str) -> Joined:
    """Five versions of each of some samples of the training file of this set, put into sources."""
    chance = random.Random(0)
    learned = of_file(name).learned
    some = chance.sample(learned, min(_SENTENCES if name in TEXTS else _PICTURES, len(learned)))
    samples = [made for sample in some for made in versions(name, sample, chance)]
    sources = sources_of(len(samples), links(name, samples)).reshape(-1, VERSIONS)
    found = 100 * float((sources[:, 1:] == sources[:, :1]).mean())
    owners = [{*row.tolist()} for row in sources]
    holders: dict[int, list[str]] = {}
    for own, sample in zip(owners, some, strict=True):
        for source in own:
            holders.setdefault(source, []).append(sample.label)
    shared = 100 * float(np.mean([any(len(holders[source]) > 1 for source in own) for own in owners]))
    wrong = 100 * float(np.mean([any(len({*holders[source]}) > 1 for source in own) for own in owners]))
    apart = 100 * float(np.mean([len(own) > 1 for own in owners]))
    print(
        f"{name:20} of {len(some)} in five versions: {found:5.1f} % of the versions found, {apart:5.1f} % left in "
        f"several sources, {shared:5.1f} % joined with another, {wrong:5.1f} % with one of another class",
        flush=True,
    )
    return Joined(found, wrong)
