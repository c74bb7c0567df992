"""A row knows its token while it is in memory, where that made or found it."""

import pickle

import pytest

from modelstore.access import ModelUnknown, get_model, named_model, served_model
from modelstore.models import TokenUnknown, TrainedModel, find
from tests.modelstore.conftest import Publish


def test_a_row_knows_the_token_that_found_it(publish: Publish) -> None:
    token = publish().token
    for found in (get_model(token), served_model(token), find(TrainedModel.objects.all(), token)):
        assert found is not None
        assert found.token == found.known_token == token
        found.refresh_from_db()
        assert pickle.loads(pickle.dumps(found)).token == token


def test_a_row_that_was_found_another_way_cannot_tell_it(publish: Publish) -> None:
    publish()
    model = TrainedModel.objects.get()
    assert model.known_token == ""
    with pytest.raises(TokenUnknown):
        _ = model.token


def test_no_row_takes_the_token_of_another(publish: Publish) -> None:
    one, other = publish(), publish()
    with pytest.raises(ValueError, match="not the token"):
        TrainedModel.objects.get(pk=one.pk).token = other.token


def test_operators_name_a_model_by_number_or_token(publish: Publish) -> None:
    model = publish()
    assert named_model(str(model.pk)) == named_model(model.token) == model
    for unknown in (str(model.pk + 1), "9" * 18, "9" * 40, "²"):
        with pytest.raises(ModelUnknown):
            named_model(unknown)
