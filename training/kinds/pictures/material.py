"""What every way of training a picture model is given: the network as it came, and the pictures with their parts."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.bundle.previous import Previous
from training.evaluation.parts import choose_parts
from training.ground.recipe import Recipe
from training.ground.run import Run
from training.ground.samples import Parts
from training.ground.sources import sources_of
from training.kinds.pictures.decoded import Pictures, Usable
from training.kinds.pictures.likeness import alike_pictures
from training.kinds.pictures.networks.vision import PictureClassifier


@dataclass(frozen=True, slots=True)
class Network:
    """A model, and a name for what it gives of a picture: two of the same name give the same features."""

    model: PictureClassifier
    name: str


@dataclass(frozen=True, slots=True)
class Material:
    """The pictures, and which to learn from and to measure on: `parts` of all of them, where they were given."""

    pictures: Pictures
    parts: Parts | None
    previous: Previous | None

    def usable(self, recipe: Recipe, run: Run) -> tuple[Usable, Parts]:
        """The readable pictures and the parts of these, once all have been decoded; raises TrainingFailed."""
        usable = self.pictures.usable(run.events)
        if self.parts is not None:
            return usable, usable.among(self.parts)

        def find_sources() -> NDArray[np.int64]:
            links = alike_pictures(self.pictures.descriptors, usable.places)
            return sources_of(len(usable.places), links, usable.samples.groups)

        with run.phases.time("sources"):
            sources = self.pictures.sources(find_sources)
        parts = choose_parts(usable.samples, recipe, self.previous, run.machine.cores, sources)
        return replace(usable, sources=sources), parts

    def facts(self, *facts: Any) -> list[Any]:
        """`facts` for the fingerprint of a checkpoint, and the parts where they are not those that always come."""
        return [*facts, *([part.tolist() for part in self.parts] if self.parts is not None else [])]
