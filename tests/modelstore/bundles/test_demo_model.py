"""The demo model that the project ships works."""

import pytest

from modelstore.access import get_model
from modelstore.bundles import demo_model
from modelstore.prediction import predictor

pytestmark = pytest.mark.django_db


def test_the_shipped_demo_is_loaded_pinned_and_predicts() -> None:
    assert demo_model.load() == demo_model.Loaded.LOADED
    model = get_model(demo_model.TOKEN)
    assert model.pinned
    answers = predictor.predict(model=model, inputs=["my parcel has not arrived", "I want my money back"])
    assert [answer.label for answer in answers] == ["delivery", "refund"]
