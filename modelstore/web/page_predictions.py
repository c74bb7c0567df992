"""Predictions for the page, where one bad picture must not spoil the others."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from modelstore.ground.errors import FlashError
from modelstore.models import TrainedModel
from modelstore.prediction.explanation import Explanation
from modelstore.prediction.inputs import alone
from modelstore.prediction.predict_request import MOST_EXPLAINED
from modelstore.prediction.predictor import Prediction, predict
from modelstore.web.contract import page_of


@dataclass(frozen=True, kw_only=True, slots=True)
class PagePrediction:
    """What came of one input: a prediction, or a sentence that says why there is none."""

    name: str
    prediction: Prediction | None = None
    error: str = ""
    unsure: bool = False
    explanation: Explanation | None = None


def predict_each(
    *,
    model: TrainedModel,
    inputs: Sequence[Any],
    names: Sequence[str],
    top_k: int = 5,
    threshold: float = 0.0,
    explained: bool = False,
) -> list[PagePrediction]:
    """One outcome for each input, in their order; raises only what concerns all of them (410, 413, 503).

    Below the probability `threshold` it is unsure. With `explained` the first few say why.
    """
    outcomes = _predict_each(model, inputs, names, top_k)
    for index, outcome in enumerate(outcomes):
        if outcome.prediction is None:
            continue
        reason = None
        if explained and index < MOST_EXPLAINED:
            reason = page_of(model.task_type).explain(
                model=model, value=inputs[index], label=outcome.prediction.label
            )
        unsure = outcome.prediction.probability < threshold
        outcomes[index] = replace(outcome, unsure=unsure, explanation=reason)
    return outcomes


def _predict_each(
    model: TrainedModel, inputs: Sequence[Any], names: Sequence[str], top_k: int
) -> list[PagePrediction]:
    try:
        found = predict(model=model, inputs=inputs, top_k=top_k)
    except FlashError as error:
        if not _concerns_one_input(error):
            raise
        return [_alone(model, inputs[index], name, top_k) for index, name in enumerate(names)]
    return [
        PagePrediction(name=name, prediction=prediction)
        for name, prediction in zip(names, found, strict=True)
    ]


def _alone(model: TrainedModel, value: Any, name: str, top_k: int) -> PagePrediction:
    try:
        return PagePrediction(name=name, prediction=predict(model=model, inputs=[value], top_k=top_k)[0])
    except FlashError as error:
        if not _concerns_one_input(error):
            raise
        return PagePrediction(name=name, error=alone(error))


def _concerns_one_input(error: FlashError) -> bool:
    return any(field.startswith("inputs[") for field in error.fields)
