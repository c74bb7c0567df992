"""What the owner of a model asks of a new version: no class lost too much, and examples that must pass."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from modelstore.access import gone_model
from modelstore.ground.errors import FlashError
from modelstore.models import MustPassExample, TrainedModel
from modelstore.prediction.predictor import predict
from training.ground.limits import MIB

MOST_EXAMPLES = 50
# They lie in the database, and each training reads all of them.
MOST_BYTES = 2 * MIB


class RuleInvalid(FlashError):
    """What was asked cannot be a rule."""

    status = 400
    code = "rule_invalid"
    title = "This rule cannot be used"


class NotChangeable(FlashError):
    """An operator pinned the model."""

    status = 403
    code = "not_changeable"
    title = "This model cannot be changed"


class RuleUnknown(FlashError):
    """There is no such example, or somebody has removed it."""

    status = 404
    code = "rule_not_found"
    title = "There is no such example"


@dataclass(frozen=True, slots=True)
class Added:
    """An example that was added, and what the model that answers now says about it."""

    example: MustPassExample
    answer: str

    @property
    def passes(self) -> bool:
        return self.answer == self.example.label


def check_changeable(model: TrainedModel) -> None:
    """Raises NotChangeable: what everyone may open belongs to none of them."""
    if model.pinned:
        raise NotChangeable("The operator of this site keeps this model for everyone.")


def set_most_class_loss(*, model: TrainedModel, share: float | None) -> None:
    """Of the recall of each class a new version may lose `share`, 0 to 1, at most; None: any of it.

    Raises RuleInvalid (400), NotChangeable (403).
    """
    check_changeable(model)
    if share is not None and not 0 <= share <= 1:
        raise RuleInvalid(
            "A class can lose between 0 and 100 % of its recall: choose a share in between.",
            fields={"most_class_loss": ["Choose a number from 0 to 1."]},
        )
    TrainedModel.objects.filter(pk=model.pk).update(most_class_loss=share)
    model.most_class_loss = share


def add_examples(
    *, model: TrainedModel, values: Sequence[Any], label: str, names: Sequence[str] = ()
) -> list[Added]:
    """Sentences or the bytes of pictures that each new version must answer with `label`; all of them or none.

    Raises NotChangeable (403), RuleInvalid (400) where the model has no such class or too many examples already, and
    what `predict` raises about a value that cannot be read.
    """
    check_changeable(model)
    _check_label(model, label)
    for value in values:
        if isinstance(value, bytes) and len(value) > MOST_BYTES:
            raise RuleInvalid(
                f"An example that must pass is {MOST_BYTES // MIB} MB large at most, and this one has "
                f"{len(value) / MIB:.1f} MB. Make the picture smaller.",
                fields={"inputs": ["The file is too large."]},
            )
    answers = predict(model=model, inputs=values, top_k=1, names=names)
    with transaction.atomic():
        # Locked, so that two at once do not both take the last place.
        found = TrainedModel.objects.select_for_update().filter(pk=model.pk).first()
        if found is None:
            raise gone_model(model.token_digest)
        if found.must_pass.count() + len(values) > MOST_EXAMPLES:
            raise RuleInvalid(
                f"A model has {MOST_EXAMPLES} examples that must pass at most. Remove some first.",
                fields={"inputs": ["There are too many."]},
            )
        return [
            Added(_stored(found, value, label, name), answer.label)
            for value, name, answer in zip(values, names or [""] * len(values), answers, strict=True)
        ]


def _check_label(model: TrainedModel, label: str) -> None:
    if model.label_thresholds is not None:
        raise RuleInvalid("This model gives any number of labels; an example that must pass has just one.")
    if label not in model.classes:
        more = " and more" if len(model.classes) > 20 else ""
        raise RuleInvalid(
            f"The model has no class “{label[:80]}”. Its classes: {', '.join(model.classes[:20])}{more}.",
            fields={"label": ["Choose one of the classes of the model."]},
        )


def _stored(model: TrainedModel, value: Any, label: str, name: str) -> MustPassExample:
    content = {"text": value} if isinstance(value, str) else {"data": value, "name": name[:255]}
    return MustPassExample.objects.create(model=model, label=label, **content)


def remove_example(*, model: TrainedModel, pk: int) -> None:
    """Raises RuleUnknown (404), NotChangeable (403)."""
    check_changeable(model)
    if not model.must_pass.filter(pk=pk).delete()[0]:
        raise RuleUnknown("There is no such example, or it was removed already.")
