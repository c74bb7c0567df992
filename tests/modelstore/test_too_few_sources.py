"""Where too few sources tell an interval, page, API, card and bundle say so instead of 0 to 100 %."""

import json

from django.core.management import call_command
from django.test import Client

from modelstore.bundles.model_card import model_card
from modelstore.models import TrainedModel
from tests.modelstore.api_calls import URL
from tests.modelstore.conftest import Publish

FEW = {"score": {"name": "accuracy", "value": 0.9, "low": None, "high": None}, "accuracy_interval": None}
WARNING = "The accuracy was measured on 20 sentences from 2 sources: too few sources to say"


def few(publish: Publish) -> TrainedModel:
    model = publish("text", manifest=FEW)
    model.report |= {"too_few_sources": 2, "warnings": [WARNING], "accuracy_interval": None}
    model.save()
    return model


def test_the_page_says_too_few(client: Client, publish: Publish) -> None:
    page = " ".join(client.get(f"/models/{few(publish).token}/").text.split())
    assert "<dt>On new sentences</dt><dd>too few sources to say</dd>" in page
    assert WARNING in page and "very likely between" not in page and "95 percent interval" not in page


def test_the_api_says_null_and_why(client: Client, publish: Publish) -> None:
    told = client.get(URL.format(few(publish).token)).json()
    assert (told["accuracy"], told["accuracy_interval"]) == (0.9, None)
    assert told["score"] == FEW["score"]
    assert told["metrics"]["warnings"] == [WARNING]


def test_the_card_says_too_few(publish: Publish) -> None:
    card = model_card(few(publish))
    assert "| On as many new samples, 95 % interval | too few sources to say |" in card and WARNING in card


def test_the_command_says_null(publish: Publish, capsys) -> None:
    few(publish)
    call_command("models", "--json")
    (told,) = json.loads(capsys.readouterr().out)
    assert told["accuracy_interval"] is None and told["score"]["value"] == 0.9


def test_an_interval_is_told_as_that_of_as_many_new_ones(client: Client, publish: Publish) -> None:
    model = publish("text")
    page = " ".join(client.get(f"/models/{model.token}/").text.split())
    assert "On as many new sentences</dt><dd>very likely between 80" in page
    assert "| On as many new samples, 95 % interval | 80.0 % to 95.0 % |" in model_card(model)
