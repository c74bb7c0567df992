"""See modelstore.web.contract."""

from collections.abc import Sequence
from typing import Any

from django import forms

from modelstore.models import TrainedModel
from modelstore.prediction.explanation import Explanation
from modelstore.web.forms import PredictForm

PAGES = ()


class Form(PredictForm):
    x = forms.FloatField()
    y = forms.FloatField()

    def inputs(self) -> tuple[Sequence[Any], list[str]]:
        pair = (self.cleaned_data["x"], self.cleaned_data["y"])
        return [pair], ["{}, {}".format(*pair)]


def kept_input(source: str, picture: bytes) -> None:
    return None


def explain(*, model: TrainedModel, value: Any, label: str) -> Explanation:
    return Explanation(label=label)
