"""The model that a training continues from: RUN_DIR/previous, a bundle of Flash.

Its validation part stays the validation part, found again by the sha256 that validation.csv lists, so neither model has
learned from what they are compared on. Weights come from model.pt; a convex fit needs none.
"""

import csv
import hashlib
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.bundle.manifest import TORCH_FILE, VALIDATION_FILE, Manifest
from training.bundle.preprocessing import UnreadableInput
from training.export.examples import picture_files, sentence_sha256, sha256_of_sources
from training.ground.run import Run
from training.ground.samples import Samples
from training.ground.split import stratified_split
from training.kinds.sentences.preprocess import TOKENIZER_FILE

FOLDER = "previous"
# Fewer samples of the earlier validation part than this decide nothing.
_FEWEST = 10
# What the networks of a BlendedClassifier are called in its state.
_NETWORKS = "recurrent.members."
Part = NDArray[np.int64]


class Previous:
    """An earlier model of the same kind."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.manifest = Manifest.read(folder)

    @classmethod
    def of(cls, run: Run) -> "Previous | None":
        """The one of this run; None when it starts afresh."""
        folder = run.folder / FOLDER
        return cls(folder) if folder.is_dir() else None

    @cached_property
    def answers(self) -> dict[str, str]:
        """{sha256: label that was predicted} of its validation part; empty in a bundle without the list."""
        path = self.folder / VALIDATION_FILE
        if not path.exists():
            return {}
        with path.open(encoding="utf-8", newline="") as file:
            return {row["sha256"]: row["predicted"] for row in csv.DictReader(file)}


def split_samples(run: Run, samples: Samples[Any]) -> tuple[Part, Part]:
    """Indices of the training and the validation part of `samples`, both sorted.

    Continuing, what the earlier model was measured on is what the new one is measured on, and nothing else of the
    classes that this covers: the rest may be what the earlier model learned from. Other classes are split as always.
    """
    usual = stratified_split(samples.labels, run.config.data_split, run.config.seed)
    previous = Previous.of(run)
    if previous is None or not previous.answers:
        return usual
    held = np.array([key in previous.answers for key in _digests(run, samples)], bool)
    covered = np.isin(samples.labels, samples.labels[held])
    validation = np.flatnonzero(held | (~covered & np.isin(np.arange(len(held)), usual[1])))
    train = np.setdiff1d(np.arange(len(held)), validation)
    everywhere = len(np.unique(samples.labels[train])) == len(samples.classes)
    return (train, validation) if held.sum() >= _FEWEST and everywhere else usual


def _digests(run: Run, samples: Samples[Any]) -> list[str]:
    if run.config.kind.name == "sentences":
        return [sentence_sha256(sentence) for sentence in samples.items]
    with ThreadPoolExecutor(run.threads) as pool:
        return list(pool.map(lambda path: hashlib.sha256(path.read_bytes()).hexdigest(), samples.items))


def load_backbone(run: Run, model: Any) -> bool:
    """Puts the earlier network's weights into a PictureClassifier, all but the head; False when there are none."""
    state = _state(run)
    if state is None:
        return False
    model.load_backbone(state)
    run.events.log("The training starts from the earlier model's network.")
    return True


def load_recurrent(run: Run, module: Any, tokenizer_json: str) -> None:
    """Puts the earlier network's layers and the words that both know into a RecurrentEnsemble, network by network."""
    state, previous = _state(run), Previous.of(run)
    if state is None or previous is None:
        return
    from tokenizers import Tokenizer

    before = Tokenizer.from_file(str(previous.folder / TOKENIZER_FILE)).get_vocab()
    pairs = [
        (new, before[word])
        for word, new in Tokenizer.from_str(tokenizer_json).get_vocab().items()
        if word in before
    ]
    earlier = len({name.split(".")[2] for name in state if name.startswith(_NETWORKS)})
    words = 0
    for number, member in enumerate(module.members if earlier else []):
        prefix = f"{_NETWORKS}{number % earlier}."
        words = member.load_body({name.removeprefix(prefix): tensor for name, tensor in state.items()}, pairs)
    run.events.log(f"The training starts from the earlier model's network, which knows {words} of the words.")


def _state(run: Run) -> dict[str, Any] | None:
    previous = Previous.of(run)
    if previous is None or previous.manifest.model != run.config.model:
        return None
    import torch

    path = previous.folder / TORCH_FILE
    if not path.exists():
        return None
    saved: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    return dict(saved["state_dict"])


def compare(run: Run, outcome: Any) -> dict[str, Any]:
    """`previous` of report.json: both models on the same validation part; {} when nothing is continued.

    `wins` needs the better score, and every class that the earlier model knows.
    """
    previous = Previous.of(run)
    if previous is None:
        return {}
    target, truth = outcome.target, outcome.truth
    labels = [target.words(outcome.classes, one) for one in truth]
    decisions = target.decide(outcome.probabilities)
    place = {name: i for i, name in enumerate(outcome.classes)}
    # -1: a class that the new data does not have.
    answers = [place.get(answer, -1) for answer in _earlier_answers(run, previous, outcome.sources, labels)]
    earlier = np.array(answers, np.int64)
    before, after = target.measure(truth, earlier), target.measure(truth, decisions)
    was_right, is_right = (int(target.right(answer, truth).sum()) for answer in (earlier, decisions))
    lost = sorted(set(previous.manifest.classes) - set(outcome.classes))
    run.events.log(
        f"Of the same {len(labels)} validation samples the earlier model has {was_right} right, the new one {is_right}."
    )
    return {
        "previous": {
            "samples": len(labels),
            "same_samples": sum(key in previous.answers for key in _keys(run, outcome.sources)),
            "score": target.score,
            "before": before.value,
            "after": after.value,
            "new_classes": sorted(set(outcome.classes) - set(previous.manifest.classes)),
            "lost_classes": lost,
            "wins": after.is_better(before) and not lost,
        }
    }


def _keys(run: Run, sources: list[str]) -> list[str]:
    files = picture_files(run.data) if run.config.kind.name == "pictures" else {}
    return sha256_of_sources(run, sources, files)


def _earlier_answers(run: Run, previous: Previous, sources: list[str], labels: list[str]) -> list[str]:
    """What the earlier model answered when it was measured; what it was not measured on, it is asked now."""
    keys = _keys(run, sources)
    known = set(previous.manifest.classes)
    answers = [previous.answers.get(key, "") for key in keys]
    asked = [i for i, key in enumerate(keys) if key not in previous.answers and labels[i] in known]
    if asked:
        for i, answer in zip(asked, _ask(run, previous, [sources[i] for i in asked]), strict=True):
            answers[i] = answer
    return answers


def _ask(run: Run, previous: Previous, sources: list[str]) -> list[str]:
    from training.bundle.onnx_classifier import OnnxClassifier

    classifier = OnnxClassifier(previous.folder, run.threads)
    files = picture_files(run.data) if run.config.kind.name == "pictures" else {}
    answers = []
    for source in sources:
        try:
            given = files[source].read_bytes() if files else source.partition(": ")[2]
            best = int(classifier.predict([given])[0].argmax())
            answers.append(previous.manifest.classes[best])
        except UnreadableInput:
            answers.append("")
    return answers
