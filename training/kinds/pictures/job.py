"""Trains a picture classifier: features of a frozen backbone and a head, or all of the network."""

import dataclasses
import statistics
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.evaluation.evidence import Evidence
from training.evaluation.previous import load_backbone, split_samples
from training.ground.ahead import Ahead
from training.ground.errors import TrainingFailed
from training.ground.recipe import Recipe
from training.ground.run import Run
from training.ground.samples import Samples, check_classes
from training.kinds import CATALOG, Preset, kind_of
from training.kinds.pictures.catalog import ONE_SIDE_ONLY, WAVELETS
from training.kinds.pictures.decode import Decoded, decode_in_chunks
from training.kinds.pictures.looks import Looks
from training.kinds.pictures.preprocess import PicturePreprocess, shorter_side
from training.kinds.pictures.reading import read_pictures

_CHUNKS_AHEAD = 8
# Tiny pictures are enlarged by this much at most, to sides that the strides of all networks divide (decision 016).
_ENLARGED, _SIDE_STEP, _LEAST_SIDE = 5, 32, 128
_SIDES_LOOKED_AT = 100
# Where that leaves at most this much of an epoch's arithmetic, Balanced trains longer by this factor.
_LITTLE_WORK, _LONGER = 0.6, 1.5


def train_pictures(run: Run) -> Any:
    """Read the pictures of RUN_DIR/data and train; an Outcome."""
    run.events.phase("preparing", 0.0, 0.05, "reading the pictures")
    with run.phases.time("read"):
        samples = read_pictures(run.data)
    side = side_for(run.config.model, samples.items)
    preprocess = PicturePreprocess(side, side)
    # Decoding begins now; torch is imported meanwhile.
    decoded = Ahead(decode_in_chunks(samples.items, preprocess, run.threads), _CHUNKS_AHEAD)
    with run.phases.time("import"):
        import torch

        from training.engine.device import choose_device, make_repeatable
        from training.kinds.pictures.gpu_batches import with_gpu_batches
        from training.kinds.pictures.vision import PictureClassifier
    make_repeatable(run.config.seed)
    torch.set_num_threads(run.threads)
    classes = max(len(samples.classes), 1)
    with run.phases.time("weights"):
        model = PictureClassifier(run.config.model, classes)
        if run.config.pretrained and not load_backbone(run, model):
            config, instead = _without_weights(run.config)
            if not model.load_pretrained(run.events, instead=instead):
                if config.model != run.config.model:
                    model = PictureClassifier(config.model, classes)
                run = dataclasses.replace(run, config=config)
    run = dataclasses.replace(run, config=_longer_where_tiny(run, side))
    if not run.config.freeze:
        count = int(len(samples.items) * run.config.data_split)
        config = with_gpu_batches(run.config, choose_device(run.machine.device), count)
        run = dataclasses.replace(run, config=config)
    run.control.check()
    if run.config.freeze:
        from training.kinds.pictures.frozen import train_head as train
    else:
        from training.kinds.pictures.fine_tuning import train_network as train
    looks = Looks(len(samples.items))
    outcome = train(run, samples, preprocess, model, looks.passing(counted(run, decoded)))
    outcome.config = run.config
    outcome.evidence = _evidence(run, samples, looks)
    return outcome


def side_for(model: str, paths: Sequence[Path]) -> int:
    """The side in pixels that pictures get for this model: its own, and less where they are tiny (decision 016)."""
    whole = CATALOG[model].input_size or 224
    if model in ONE_SIDE_ONLY:
        return whole
    some = paths[:: -(-len(paths) // _SIDES_LOOKED_AT)]
    sides = [side for side in map(shorter_side, some) if side]
    if not sides:
        return whole
    steps = -(-_ENLARGED * int(statistics.median(sides)) // _SIDE_STEP)
    return min(whole, max(_LEAST_SIDE, steps * _SIDE_STEP))


def _longer_where_tiny(run: Run, side: int) -> Recipe:
    """More epochs for tiny pictures where Balanced chose them; Best has enough, more made it worse (decision 016)."""
    config, whole = run.config, CATALOG[run.config.model].input_size or 224
    usual = kind_of(config.task).defaults(Preset.BALANCED, config.model, config.pretrained)["epochs"]
    little = side**2 <= _LITTLE_WORK * whole**2
    if config.preset is not Preset.BALANCED or config.freeze or config.epochs != usual or not little:
        return config
    longer = int(usual * _LONGER)
    run.events.log(f"Epochs of pictures this small take little time: {longer} of them instead of {usual}.")
    return dataclasses.replace(config, epochs=longer)


def _evidence(run: Run, samples: Samples[Any], looks: Looks) -> Evidence:
    from training.kinds.pictures.evidence import PictureEvidence

    kept = np.flatnonzero(looks.seen)
    samples = samples.keep(kept.tolist()) if len(kept) < len(looks.seen) else samples
    parts = split_samples(run, samples)
    order = np.concatenate(parts)
    return PictureEvidence(
        sources=[samples.sources[i] for i in order],
        labels=samples.labels[order],
        train_count=len(parts[0]),
        looks=looks,
        places=kept[order],
    )


def counted(run: Run, decoded: Ahead[Decoded]) -> Iterator[Decoded]:
    """The chunks, with the time spent waiting for them."""
    chunks = iter(decoded)
    while True:
        with run.phases.time("decode"):
            chunk = next(chunks, None)
        if chunk is None:
            return
        run.control.check()
        if run.control.out_of_time:
            raise TrainingFailed(
                "deadline_exceeded",
                "The time allowed was over while the pictures were prepared. Use fewer pictures or a smaller "
                "model, or ask the operator for more time.",
            )
        yield chunk


def readable(
    run: Run, samples: Samples[Any], unreadable: list[tuple[int, str]]
) -> tuple[Samples[Any], NDArray[np.int64], list[dict[str, str]]]:
    """Samples without the unreadable pictures, the indices of those that stay, and what to say of the others."""
    skipped = [{"source": samples.sources[i], "reason": reason} for i, reason in unreadable]
    if len(skipped) == len(samples.items):
        raise TrainingFailed(
            "dataset_unreadable",
            f"None of the {len(skipped)} pictures can be read; of the first, {skipped[0]['source'][:80]}: "
            f"{skipped[0]['reason']}. Save them as JPEG or PNG and upload them again.",
        )
    if skipped:
        names = ", ".join(item["source"][:80] for item in skipped[:3]) + (", ..." if len(skipped) > 3 else "")
        run.events.warning(f"{len(skipped)} pictures could not be read and were left out: {names}.")
    left_out = {i for i, _ in unreadable}
    kept = np.array([i for i in range(len(samples.items)) if i not in left_out], np.int64)
    samples = samples.keep(kept.tolist()) if skipped else samples
    check_classes(samples, "pictures", run.events)
    return samples, kept, skipped


def _without_weights(config: Recipe) -> tuple[Recipe, str]:
    """What is done where weights cannot be had, and in words: fixed features stay fixed, else all of it learns."""
    title = CATALOG[config.model].title
    if config.freeze:
        words = f"wavelets, which need none, took the place of {title}; photos want the weights"
        return dataclasses.replace(config, model=WAVELETS, pretrained=False), words
    words = (
        "the model is trained from scratch, and a few hundred pictures teach it next to nothing: of so few, "
        f"{CATALOG[WAVELETS].title} make more"
    )
    return _from_scratch(config), words


def _from_scratch(config: Recipe) -> Recipe:
    """The defaults for random weights wherever the user had left the field to the preset."""
    preset = config.preset or Preset.QUICK
    before = kind_of(config.task).defaults(preset, config.model, True)
    after = kind_of(config.task).defaults(preset, config.model, False)
    default = {field.name: field.default for field in dataclasses.fields(config)}
    changed = {
        name: value
        for name, value in after.items()
        if name in ("freeze", "pretrained") or getattr(config, name) == before.get(name, default[name])
    }
    return dataclasses.replace(config, **changed, solver="gradient")
