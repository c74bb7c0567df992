"""Trains a picture classifier: features of a frozen backbone and a head, or all of the network."""

import dataclasses
import statistics
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from training.bundle.previous import Previous
from training.ground.events import Events
from training.ground.prepared import Prepared
from training.ground.recipe import Recipe
from training.ground.run import Run
from training.ground.samples import Parts, Samples
from training.kinds.kind import Preset
from training.kinds.pictures.catalog import MODELS, ONE_SIDE_ONLY, WAVELETS, defaults
from training.kinds.pictures.decoded import Pictures
from training.kinds.pictures.preprocess import PicturePreprocess, shorter_side

if TYPE_CHECKING:
    from training.evaluation.outcome import Early, Outcome
    from training.kinds.pictures.material import Network
    from training.kinds.pictures.networks.vision import PictureClassifier

_SPECS = {spec.name: spec for spec in MODELS}
# Tiny pictures are enlarged by this much at most, to sides that the strides of all networks divide (decision 016).
_ENLARGED, _SIDE_STEP, _LEAST_SIDE = 5, 32, 128
_SIDES_LOOKED_AT = 100
# Where that leaves at most this much of an epoch's arithmetic, Balanced trains longer by this factor.
_LITTLE_WORK, _LONGER = 0.6, 1.5


def fit(
    recipe: Recipe,
    samples: Samples[Path],
    run: Run,
    *,
    parts: Parts | None,
    prepared: Prepared,
    previous: Previous | None,
    early: "Early",
) -> "Outcome":
    """See `training.fit.fit`. Pictures are decoded while torch is still being imported."""
    side = side_for(recipe.model, samples.items)
    make = partial(Pictures, samples, PicturePreprocess(side, side, whole=True), prepared)
    pictures = prepared.once(("pictures", side), make)
    pictures.begin(run.machine.cores)
    with run.phases.time("import"):
        import torch

        from training.engine.depthwise import compile_meanwhile
        from training.engine.device import choose_device, make_repeatable, precisions
        from training.kinds.pictures.material import Material

        if recipe.freeze:
            from training.kinds.pictures.head import train_head
        else:
            from training.kinds.pictures.fine_tuning import train_network
            from training.kinds.pictures.gpu_batches import with_gpu_batches
    make_repeatable(recipe.seed)
    torch.set_num_threads(run.machine.cores)
    with run.phases.time("weights"):
        recipe, network = _with_weights(recipe, len(samples.classes), previous, run.events)
    device = choose_device(run.machine.device)
    if device.type == "cuda":
        # Fixed features are computed in single precision.
        compile_meanwhile(network.model, precisions(device)[: 1 if recipe.freeze else None])
    recipe = _longer_where_tiny(recipe, side, run.events)
    run.control.check()
    material = Material(pictures, parts, previous)
    if recipe.freeze:
        return train_head(recipe, network, material, run)
    count = len(parts[0]) if parts else int(len(samples.items) * recipe.data_split)
    recipe = with_gpu_batches(recipe, device, count)
    return train_network(recipe, network, material, run, early)


def side_for(model: str, paths: Sequence[Path]) -> int:
    """The side in pixels that pictures get for this model: its own, and less where they are tiny (decision 016)."""
    whole = _SPECS[model].input_size or 224
    if model in ONE_SIDE_ONLY:
        return whole
    some = paths[:: -(-len(paths) // _SIDES_LOOKED_AT)]
    sides = [side for side in map(shorter_side, some) if side]
    if not sides:
        return whole
    steps = -(-_ENLARGED * int(statistics.median(sides)) // _SIDE_STEP)
    return min(whole, max(_LEAST_SIDE, steps * _SIDE_STEP))


def _with_weights(
    recipe: Recipe, classes: int, previous: Previous | None, events: Events
) -> tuple[Recipe, "Network"]:
    """The network with the weights that it starts from, and the recipe as it can be carried out with these."""
    from training.kinds.pictures.material import Network
    from training.kinds.pictures.networks.vision import PictureClassifier

    model = PictureClassifier(recipe.model, max(classes, 1))
    if not recipe.pretrained:
        return recipe, Network(model, f"{recipe.model} {recipe.seed}")
    if previous is not None and _load_backbone(model, previous, events):
        return recipe, Network(model, f"{recipe.model} of {previous.folder}")
    other, instead = _without_weights(recipe)
    if model.load_pretrained(events, instead=instead):
        return recipe, Network(model, f"{recipe.model} pretrained")
    if other.model != recipe.model:
        model = PictureClassifier(other.model, max(classes, 1))
    return other, Network(model, f"{other.model} {other.seed}")


def _load_backbone(model: "PictureClassifier", previous: Previous, events: Events) -> bool:
    """Put the earlier network's weights into `model`, all but the head; False when there are none."""
    import torch

    path = previous.weights_file(model.name)
    if path is None:
        return False
    model.load_backbone(torch.load(path, map_location="cpu", weights_only=True)["state_dict"])
    events.log("The training starts from the earlier model's network.")
    return True


def _longer_where_tiny(recipe: Recipe, side: int, events: Events) -> Recipe:
    """More epochs for tiny pictures where Balanced chose them; Best has enough, more made it worse (decision 016)."""
    whole = _SPECS[recipe.model].input_size or 224
    usual = defaults(Preset.BALANCED, recipe.model, recipe.pretrained)["epochs"]
    little = side**2 <= _LITTLE_WORK * whole**2
    if recipe.preset is not Preset.BALANCED or recipe.freeze or recipe.epochs != usual or not little:
        return recipe
    longer = int(usual * _LONGER)
    events.log(
        f"Epochs with such small pictures are quick, so there are {longer} of them instead of {usual}."
    )
    return dataclasses.replace(recipe, epochs=longer)


def _without_weights(recipe: Recipe) -> tuple[Recipe, str]:
    """What is done where weights cannot be had, and in words: fixed features stay fixed, else all of it learns."""
    title = _SPECS[recipe.model].title
    if recipe.freeze:
        words = f"wavelets, which need no weights, replaced {title}; photos need the weights"
        return dataclasses.replace(recipe, model=WAVELETS, pretrained=False), words
    words = (
        "the model is trained from scratch, and a few hundred pictures teach it next to nothing: with so few, "
        f"{_SPECS[WAVELETS].title} does better"
    )
    return _from_scratch(recipe), words


def _from_scratch(recipe: Recipe) -> Recipe:
    """The defaults for random weights wherever the user had left the field to the preset."""
    preset = recipe.preset or Preset.QUICK
    before, after = (defaults(preset, recipe.model, pretrained) for pretrained in (True, False))
    default = {field.name: field.default for field in dataclasses.fields(recipe)}
    changed = {
        name: value
        for name, value in after.items()
        if name in ("freeze", "pretrained") or getattr(recipe, name) == before.get(name, default[name])
    }
    return dataclasses.replace(recipe, **changed, solver="gradient")
