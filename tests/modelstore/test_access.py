"""Who gets to a model: the holder of its token, while it lives."""

from datetime import timedelta

import pytest
from django.utils import timezone

from modelstore.access import (
    ModelDamaged,
    ModelExpired,
    ModelUnknown,
    get_model,
    served_model,
    unusable_model,
)
from modelstore.bundles.store import delete_model, retire
from modelstore.ground.known_kind import KindUnknown
from modelstore.ground.tokens import new_token
from modelstore.models import CleanupPolicy
from tests.modelstore.conftest import Publish


def test_the_token_opens_its_model_in_two_queries(publish: Publish, django_assert_num_queries) -> None:
    model, _other = publish(), publish()
    with django_assert_num_queries(2):
        assert get_model(model.token) == model


@pytest.mark.parametrize("token", ["", "x", "demo", "\0", "\ud800", "a" * 10_000, "%", "' OR 1=1 --"])
def test_anything_else_opens_nothing(publish: Publish, token: str) -> None:
    model = publish()
    for wrong in (token, model.token[:-1], model.token.swapcase(), model.token + " ", model.token_digest):
        with pytest.raises(ModelUnknown) as refusal:
            get_model(wrong)
        assert (refusal.value.status, refusal.value.code) == (404, "model_not_found")


def test_expiry_is_enforced_at_read_even_if_nothing_was_pruned(publish: Publish) -> None:
    model = publish(created=timezone.now() - timedelta(hours=2, seconds=1))
    with pytest.raises(ModelExpired) as refusal:
        get_model(model.token)
    assert (refusal.value.status, refusal.value.code) == (410, "model_expired")


def test_a_model_of_a_kind_that_is_not_here_is_refused_in_words(publish: Publish) -> None:
    model = publish()
    model.task_type = "boxes"
    model.save()
    for opened in (get_model, served_model):
        with pytest.raises(KindUnknown, match="does not know the kind of task 'boxes'") as refusal:
            opened(model.token)
        assert (refusal.value.status, refusal.value.code) == (503, "kind_unknown")


def test_a_longer_retention_brings_a_model_back_until_it_is_pruned(publish: Publish) -> None:
    model = publish(created=timezone.now() - timedelta(hours=3))
    CleanupPolicy(pk=1, retention=timedelta(hours=4)).save()
    assert get_model(model.token) == model


def test_a_deleted_model_is_expired_and_not_unknown(publish: Publish) -> None:
    token = publish().token
    delete_model(get_model(token))
    with pytest.raises(ModelExpired) as gone:
        get_model(token)
    assert gone.value.title == "This model has been deleted"
    assert "deleted this model" in gone.value.detail
    with pytest.raises(ModelUnknown):
        get_model(new_token())


def test_a_pruned_model_is_not_called_deleted(publish: Publish) -> None:
    model = publish()
    retire(model=model)
    with pytest.raises(ModelExpired, match="has expired"):
        get_model(model.token)


def test_unusable_files_mean_damage_unless_the_model_was_deleted_meanwhile(publish: Publish, caplog) -> None:
    model = publish()
    assert isinstance(unusable_model(model, ValueError("no")), ModelDamaged)
    assert [record.levelname for record in caplog.records] == ["ERROR"]
    assert model.token not in caplog.text
    held = get_model(model.token)
    delete_model(model)
    assert isinstance(unusable_model(held, ValueError("no")), ModelExpired)
