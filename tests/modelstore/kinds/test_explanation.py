"""Why a model said what it said: words and squares that weighed, and the price of a threshold."""

import base64
import io

import numpy as np
import pytest
from django.test import Client
from PIL import Image

from modelstore.models import TrainedModel
from modelstore.prediction.explanation import Explanation
from modelstore.web.contract import page_of
from tests.modelstore.api_calls import assert_problem, encoded, post_files, post_json, upload
from tests.modelstore.conftest import Publish


def explain(*, model: TrainedModel, value: object, label: str) -> Explanation:
    return page_of(model.task_type).explain(model=model, value=value, label=label)


def test_the_words_that_spoke_for_a_label_weigh_most(publish: Publish) -> None:
    found = explain(model=publish("text"), value="  a great, boring film\n", label="good")
    assert "".join(part.text for part in found.parts) == "  a great, boring film\n"
    weights = {part.text: part.weight for part in found.parts if part.weight is not None}
    assert max(weights, key=lambda word: weights[word] or 0) == "great,"
    assert weights["boring"] < 0 and weights["film"] == pytest.approx(0, abs=0.01)
    shades = {part.text: part.shade for part in found.parts}
    assert (shades["great,"], shades["boring"], shades["film"]) == (5, 0, 0)


@pytest.mark.parametrize("sentence", ["great", "天气很好", "ก" * 40, "great " * 500])
def test_any_sentence_can_be_explained(publish: Publish, sentence: str) -> None:
    found = explain(model=publish("text"), value=sentence, label="good")
    assert "".join(part.text for part in found.parts) == sentence
    assert 1 <= sum(part.weight is not None for part in found.parts) <= 60


def test_the_part_of_a_picture_that_spoke_for_a_label_is_found(publish: Publish) -> None:
    pixels = np.full((160, 160, 3), 40, np.uint8)
    pixels[10:60, 100:150] = (255, 0, 0)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    found = explain(model=publish("image"), value=buffer.getvalue(), label="red")
    grid = np.array(found.grid)
    assert found.tells and grid.shape == (7, 7)
    row, column = np.unravel_index(grid.argmax(), grid.shape)
    assert row <= 2 and column >= 4
    data = base64.b64decode(found.picture.removeprefix("data:image/jpeg;base64,"))
    assert Image.open(io.BytesIO(data)).size == (16, 16)


def test_where_no_part_alone_matters_it_says_so(publish: Publish) -> None:
    assert not explain(model=publish("text"), value="one two", label="good").tells


def test_programs_get_words_or_a_grid(client: Client, publish: Publish) -> None:
    body = {"inputs": ["great fun"], "explain": True, "threshold": 0.999}
    (answer,) = post_json(client, publish("text"), body).json()["predictions"]
    assert answer["unsure"] is True
    assert [word["text"] for word in answer["explanation"]["words"]] == ["great", "fun"]
    (answer,) = post_files(client, publish("image"), image=upload(), explain="true").json()["predictions"]
    assert len(answer["explanation"]["grid"]) == 7
    assert "unsure" not in answer


@pytest.mark.parametrize(
    "options",
    [{"threshold": 1.5}, {"threshold": "x"}, {"threshold": True}, {"explain": 1}, {"explain": "maybe"}],
)
def test_options_that_make_no_sense_are_400(client: Client, publish: Publish, options) -> None:
    problem = assert_problem(
        post_json(client, publish("image"), {"inputs": [encoded()], **options}), 400, "inputs_invalid"
    )
    assert set(problem["errors"]) == set(options)


def test_a_few_at_a_time_are_explained(client: Client, publish: Publish) -> None:
    body = {"inputs": ["great"] * 5, "explain": True}
    assert (
        "At most 4"
        in assert_problem(post_json(client, publish("text"), body), 400, "inputs_invalid")["detail"]
    )
