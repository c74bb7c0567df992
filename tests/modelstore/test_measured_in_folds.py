"""Page, API and card say of a model that was measured in folds how that was done."""

import json
from pathlib import Path

from django.test import Client

from modelstore.bundles import store
from modelstore.bundles.model_card import model_card
from modelstore.models import TrainedModel
from tests.modelstore.api_calls import URL
from tests.modelstore.conftest import Publish

FOLDS = {
    "count": 10,
    "samples": 198,
    "of": 200,
    "first": {"score": {"name": "accuracy", "value": 0.95}, "log_loss": 0.2, "count": 20},
}


def measured(model: TrainedModel) -> TrainedModel:
    model.report |= {"folds": FOLDS}
    model.save()
    return model


def test_all_say_it(client: Client, publish: Publish) -> None:
    model = measured(publish("text"))
    page = " ".join(client.get(f"/models/{model.token}/").text.split())
    words = "measured on 198 of 200 sentences, each by a model that had not seen it (10 folds)"
    assert words in page and "which it had never seen" not in page
    assert client.get(URL.format(model.token)).json()["metrics"]["folds"] == FOLDS
    card = model_card(model)
    assert f"M{words[1:]}; each of these models learned from about 80 others." in card
    assert "was made in the same way" in card


def test_without_folds_nothing_is_said_of_them(client: Client, publish: Publish) -> None:
    model = publish("text")
    assert "folds" not in client.get(f"/models/{model.token}/").text
    assert "folds" not in client.get(URL.format(model.token)).json()["metrics"]
    assert "folds" not in model_card(model)


def test_an_early_model_is_compared_on_the_first_fold(publish: Publish, tmp_path: Path) -> None:
    from tests.bundles import text_bundle

    early = publish("text")
    folder = text_bundle(tmp_path / "full", accuracy=0.8, accuracy_interval=[0.7, 0.9])
    assert not store.beats(folder=folder, model=early)
    report = json.loads((folder / "report.json").read_text()) | {"folds": FOLDS}
    (folder / "report.json").write_text(json.dumps(report))
    assert store.beats(folder=folder, model=early)
    assert not store.beats(folder=folder, model=measured(early))


def test_what_a_search_chose_takes_the_place_of_its_first_model(publish: Publish, tmp_path: Path) -> None:
    from tests.bundles import text_bundle

    early = publish("text")
    folder = text_bundle(tmp_path / "chosen", accuracy=0.1, accuracy_interval=[0.0, 0.2])
    assert not store.beats(folder=folder, model=early)
    report = json.loads((folder / "report.json").read_text()) | {"search": {"chosen": 1}}
    (folder / "report.json").write_text(json.dumps(report))
    assert store.beats(folder=folder, model=early)
