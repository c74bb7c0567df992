"""The demo model as pages show it: what to try with it, and a prediction that it has made already."""

import json
from functools import cache
from typing import Any

from modelstore.bundles import demo_model
from modelstore.ground.tokens import digest
from modelstore.models import TrainedModel
from modelstore.prediction.predictions import Prediction
from modelstore.web.contract import page_of
from modelstore.web.page_predictions import PagePrediction
from training.kinds import kind_of

_EXAMPLES = demo_model.FOLDER.parent / "examples.json"


@cache
def _examples() -> tuple[PagePrediction, ...]:
    """Inputs with the shipped bundle's own answers, so that showing them needs no model in memory."""
    found = []
    for row in json.loads(_EXAMPLES.read_text("utf-8")):
        top = [(label, share) for label, share in row["top"]]
        answer = Prediction(label=top[0][0], probability=top[0][1], top=top)
        found.append(PagePrediction(name=row["input"], prediction=answer))
    return tuple(found)


def examples_for(model: TrainedModel) -> list[str]:
    """Inputs to try with `model`; none unless it is the demo."""
    return [one.name for one in _examples()] if model.token_digest == digest(demo_model.TOKEN) else []


def to_try(demo: TrainedModel) -> dict[str, Any]:
    """What a page needs to let visitors predict with the demo: `form`, `kind`, `examples`, `outcomes` of the first."""
    first = _examples()[0]
    form = page_of(demo.task_type).Form(initial={"sentences": first.name})
    return {
        "form": form,
        "kind": kind_of(demo.task_type),
        "examples": examples_for(demo),
        "outcomes": [first],
    }
