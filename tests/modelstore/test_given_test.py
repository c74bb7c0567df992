"""A model with a test part of its own: its figure is in the row and stands beside that of the validation part."""

import pytest
from django.db import IntegrityError
from django.test import Client

from modelstore.bundles.model_card import model_card
from modelstore.models import TrainedModel
from tests.modelstore.api_calls import URL
from tests.modelstore.conftest import Publish

TESTED = {"score": {"name": "accuracy", "value": 0.75, "low": 0.6, "high": 0.86}, "count": 40}


def test_the_row_has_the_figure_of_the_test_part(publish: Publish) -> None:
    model = publish(manifest={"test": TESTED})
    assert (model.test_value, model.test_low, model.test_high, model.test_count) == (0.75, 0.6, 0.86, 40)
    assert model.score.value == 0.9


def test_a_model_without_a_test_part_has_none(client: Client, publish: Publish) -> None:
    model = publish()
    assert (model.test_score, model.test_count) == (None, None)
    assert client.get(URL.format(model.token)).json()["test_score"] is None
    assert "On the test part" not in client.get(f"/models/{model.token}/").text
    assert "given test part" not in model_card(model)


def test_page_api_and_card_tell_it(client: Client, publish: Publish) -> None:
    model = publish("text", manifest={"test": TESTED})
    assert client.get(URL.format(model.token)).json()["test_score"] == TESTED["score"]
    page = " ".join(client.get(f"/models/{model.token}/").text.split())
    assert "On the test part (40 sentences)" in page
    assert "very likely between 60" in page
    assert "| On the given test part (40 samples, measured once) | 75.0 % |" in model_card(model)


def test_a_value_outside_of_its_interval_is_refused(publish: Publish) -> None:
    model = publish(manifest={"test": TESTED})
    with pytest.raises(IntegrityError):
        TrainedModel.objects.filter(pk=model.pk).update(test_value=0.1)
