"""Predictions for the page, where one bad picture must not spoil the others."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from modelstore.ground.errors import FlashError
from modelstore.models import TrainedModel
from modelstore.prediction.explanation import Explanation
from modelstore.prediction.inputs import alone
from modelstore.prediction.predict_request import MOST_EXPLAINED
from modelstore.prediction.predictor import Prediction, Predictions, predict, request_deadline
from modelstore.web.contract import page_of

Spend = Callable[[str, int, int], None]


@dataclass(frozen=True, kw_only=True, slots=True)
class PagePrediction:
    """What came of one input: a prediction, or a sentence that says why there is none."""

    name: str
    prediction: Prediction | None = None
    error: str = ""
    unsure: bool = False
    explanation: Explanation | None = None

    def says(self, label: str) -> bool:
        """Whether `label` is the answer, or one of its labels."""
        if self.prediction is None or self.unsure:
            return False
        if self.prediction.labels is None:
            return label == self.prediction.label
        return label in dict(self.prediction.labels)


def predict_each(
    *,
    model: TrainedModel,
    inputs: Sequence[Any],
    names: Sequence[str],
    top_k: int = 5,
    threshold: float = 0.0,
    explained: bool = False,
    spend: Spend | None = None,
) -> list[PagePrediction]:
    """One outcome for each input, in their order; raises only what concerns all of them (410, 413, 503).

    Below the probability `threshold` it is unsure. With `explained` the first few say why. For `spend` see `predict`.
    """
    ask = partial(predict, model=model, top_k=top_k, deadline=request_deadline(), spend=spend)
    outcomes = _predict_each(ask, inputs, names)
    for index, outcome in enumerate(outcomes):
        if outcome.prediction is None:
            continue
        reason = None
        if explained and index < MOST_EXPLAINED:
            reason = page_of(model.task_type).explain(
                model=model, value=inputs[index], label=outcome.prediction.label
            )
        # Where any number of labels is said, each has a threshold of its own.
        unsure = outcome.prediction.labels is None and outcome.prediction.probability < threshold
        outcomes[index] = replace(outcome, unsure=unsure, explanation=reason)
    return outcomes


def _predict_each(
    ask: Callable[..., Predictions], inputs: Sequence[Any], names: Sequence[str]
) -> list[PagePrediction]:
    try:
        found = ask(inputs=inputs)
    except FlashError as error:
        if not _concerns_one_input(error):
            raise
        return [_alone(ask, inputs[index], name) for index, name in enumerate(names)]
    return [
        PagePrediction(name=name, prediction=prediction)
        for name, prediction in zip(names, found, strict=True)
    ]


def _alone(ask: Callable[..., Predictions], value: Any, name: str) -> PagePrediction:
    try:
        return PagePrediction(name=name, prediction=ask(inputs=[value])[0])
    except FlashError as error:
        if not _concerns_one_input(error):
            raise
        return PagePrediction(name=name, error=alone(error))


def _concerns_one_input(error: FlashError) -> bool:
    return any(field.startswith("inputs[") for field in error.fields)
