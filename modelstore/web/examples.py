"""The pictures and sentences behind a model's figures, as its trainer kept them (training/export/examples.py)."""

import base64
import json
import zipfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from modelstore.access import unusable_model
from modelstore.downloads.file_responses import open_checked
from modelstore.ground.errors import FlashError
from modelstore.models import TrainedModel
from training.bundle.manifest import EXAMPLES_FILE

_LIST = "examples.json"
# In place of a label that is not among those of a sample, or of an answer.
NOT_THERE = -1


class NoExamples(FlashError):
    """There is no such cell, or nothing was kept of it."""

    status = 404
    code = "examples_not_found"
    title = "There are no examples for that"


@dataclass(frozen=True, slots=True)
class Example:
    """One sample; `picture` is a data: address of a small JPEG, "" where there is none."""

    source: str
    picture: str
    probability: float | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Cell:
    """Samples of one class that the model took for another or the same; `count` is how many there are.

    Where samples may have any number of labels, `truth` or `predicted` is "" for a `label` that was wrongly named, or
    `missed`.
    """

    truth: str
    predicted: str
    count: int
    examples: list[Example]

    @property
    def label(self) -> str:
        """The one that was missed or wrongly named; "" where one class was taken for another."""
        return "" if self.truth and self.predicted else self.truth or self.predicted

    @property
    def missed(self) -> bool:
        """Whether the sample has it and the answer does not."""
        return not self.predicted


@dataclass(frozen=True, kw_only=True, slots=True)
class Kept:
    """One sample with what it was and what the model said; `picture` are the bytes of a small JPEG, b"" without one."""

    source: str
    truth: str
    predicted: str
    probability: float
    picture: bytes

    @property
    def is_right(self) -> bool:
        """Whether the model was."""
        return self.truth == self.predicted

    @property
    def address(self) -> str:
        """The picture as a data: address."""
        return _address(self.picture) if self.picture else ""


def has_examples(model: TrainedModel) -> bool:
    """Whether its trainer kept any."""
    return EXAMPLES_FILE in model.manifest["files"]


def cell(model: TrainedModel, truth: int, predicted: int) -> Cell:
    """The kept samples of a cell of the confusion matrix, classes by their index.

    Of a model with any number of labels a sample one of the two may be NOT_THERE: the other label was missed, or named
    wrongly.
    Raises NoExamples (404), ModelDamaged (503), ModelExpired (410), StorageUnavailable (503).
    """

    def chosen(told: dict[str, Any]) -> list[dict[str, Any]]:
        return [row for row in told["cells"] if (row["truth"], row["predicted"]) == (truth, predicted)]

    if has_examples(model) and _is_known(model, truth) and _is_known(model, predicted):
        told, pictures = _read(
            model, lambda told: [row["source"] for found in chosen(told) for row in found["samples"]]
        )
        for found in chosen(told):
            return Cell(
                truth=_name(model, truth),
                predicted=_name(model, predicted),
                count=found["count"],
                examples=[
                    Example(row["source"], pictures.get(row["source"], ""), row["probability"])
                    for row in found["samples"]
                ],
            )
    raise NoExamples("No examples were kept for that. Choose another cell.")


def right_and_wrong(model: TrainedModel, count: int) -> list[Kept]:
    """Up to `count` samples that the model got wrong, each of another cell, then as many that it got right.

    Raises as `cell` does.
    """
    told, pictures = _opened(model, lambda told: [row["samples"][0]["source"] for row in told["cells"]])
    found: list[Kept] = []
    for is_right in (False, True):
        cells = [row for row in told["cells"] if (row["truth"] == row["predicted"]) is is_right]
        for row in cells[:count]:
            sample = row["samples"][0]
            kept = Kept(
                source=sample["source"],
                truth=model.classes[row["truth"]],
                predicted=model.classes[row["predicted"]],
                probability=sample["probability"],
                picture=pictures.get(sample["source"], b""),
            )
            found.append(kept)
    return found


def _is_known(model: TrainedModel, label: int) -> bool:
    return label in range(len(model.classes)) or (label == NOT_THERE and model.label_thresholds is not None)


def _name(model: TrainedModel, label: int) -> str:
    return "" if label == NOT_THERE else model.classes[label]


def pictures_of(model: TrainedModel, sources: Iterable[str]) -> Mapping[str, str]:
    """data: addresses of the pictures that were kept of these samples; raises as `cell` does."""
    wanted = list(sources)
    if not has_examples(model):
        return {}
    return _read(model, lambda told: wanted)[1]


def _read(
    model: TrainedModel, choose: Callable[[dict[str, Any]], Iterable[str]]
) -> tuple[dict[str, Any], dict[str, str]]:
    told, pictures = _opened(model, choose)
    return told, {source: _address(data) for source, data in pictures.items()}


def _opened(
    model: TrainedModel, choose: Callable[[dict[str, Any]], Iterable[str]]
) -> tuple[dict[str, Any], dict[str, bytes]]:
    """What the list of the examples tells, and the pictures of the chosen samples."""
    with open_checked(model, EXAMPLES_FILE) as file:
        try:
            with zipfile.ZipFile(file) as archive:
                told = json.loads(archive.read(_LIST))
                names: dict[str, str] = told["pictures"]
                return told, {
                    source: archive.read(names[source]) for source in choose(told) if source in names
                }
        except (zipfile.BadZipFile, KeyError, IndexError, ValueError) as error:
            raise unusable_model(model, error) from error


def _address(data: bytes) -> str:
    return "data:image/jpeg;base64," + base64.b64encode(data).decode("ascii")
