"""The target of a model that was trained before: how its probabilities become answers."""

from dataclasses import asdict

from training.bundle.label_limits import label_thresholds
from training.bundle.manifest import Manifest
from training.targets.many_labels import many_labels
from training.targets.target import Target, target_of


def target_of_bundle(manifest: Manifest) -> Target:
    """What the model of this model.json learnt, with the thresholds of its labels; raises UnknownKind."""
    limits = label_thresholds(asdict(manifest))
    return target_of(manifest.task, manifest.target) if limits is None else many_labels(limits)
