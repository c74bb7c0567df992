"""Its owner lets a model live longer, within the policy, or deletes it."""

from datetime import timedelta

import pytest
from django.core.files.storage import default_storage
from django.test import Client
from django.utils import timezone

from modelstore.lifetime import owner_actions
from modelstore.models import CleanupPolicy, RetiredToken, TrainedModel
from tests.modelstore.api_calls import URL, assert_problem
from tests.modelstore.conftest import Publish

MINUTE = timedelta(minutes=1)


def aged(publish: Publish, hours: float, **columns) -> TrainedModel:
    return publish(created=timezone.now() - timedelta(hours=hours), **columns)


def test_a_model_lives_for_another_retention_time_from_now(publish: Publish) -> None:
    model = aged(publish, 1)
    until = owner_actions.extend(model=model)
    assert abs(until - timezone.now() - timedelta(hours=2)) < MINUTE
    model.refresh_from_db()
    assert model.expires(CleanupPolicy.current()) == until


def test_it_gets_no_older_than_the_policy_lets_it(publish: Publish) -> None:
    CleanupPolicy(pk=1, longest=timedelta(hours=2.5)).save()
    model = aged(publish, 1)
    assert owner_actions.extend(model=model) == model.created + timedelta(hours=2.5)
    with pytest.raises(owner_actions.NotExtendable, match="as long as models may live"):
        owner_actions.extend(model=model)


def test_where_nobody_may_extend_it_says_so(publish: Publish) -> None:
    CleanupPolicy(pk=1, longest=timedelta(0)).save()
    with pytest.raises(owner_actions.NotExtendable, match="does not allow"):
        owner_actions.extend(model=aged(publish, 1))


def test_nobody_is_told_to_download_what_may_not_be_downloaded(publish: Publish) -> None:
    CleanupPolicy(pk=1, longest=timedelta(0)).save()
    with pytest.raises(owner_actions.NotExtendable, match="Ask the operator to keep it"):
        owner_actions.extend(model=publish(downloadable=False))


@pytest.mark.parametrize("columns", [{"pinned": True}, {}])
def test_what_never_expires_needs_no_extending(publish: Publish, columns) -> None:
    CleanupPolicy(pk=1, active=bool(columns)).save()
    with pytest.raises(owner_actions.NotExtendable, match="never expires"):
        owner_actions.extend(model=publish(**columns))


def test_of_two_at_once_one_extends(publish: Publish) -> None:
    model = aged(publish, 1)
    stale = TrainedModel.objects.get(pk=model.pk)
    owner_actions.extend(model=model)
    with pytest.raises(owner_actions.NotExtendable, match="just changed"):
        owner_actions.extend(model=stale)


def test_programs_extend_and_delete(
    client: Client, publish: Publish, django_capture_on_commit_callbacks
) -> None:
    model = aged(publish, 1)
    before = client.get(URL.format(model.token)).json()["expires"]
    answer = client.post(URL.format(model.token) + "extend/")
    assert answer.status_code == 200 and answer.json()["expires"] > before
    with django_capture_on_commit_callbacks(execute=True):
        assert client.delete(URL.format(model.token)).status_code == 204
    assert not TrainedModel.objects.exists() and RetiredToken.objects.count() == 1
    assert not default_storage.exists(f"{model.storage_prefix}/model.onnx")
    for call in (client.delete(URL.format(model.token)), client.post(URL.format(model.token) + "extend/")):
        assert_problem(call, 410, "model_expired")


def test_nobody_deletes_what_an_operator_keeps(client: Client, publish: Publish) -> None:
    model = publish(pinned=True)
    assert_problem(client.delete(URL.format(model.token)), 403, "not_deletable")
    assert_problem(client.post(URL.format(model.token) + "extend/"), 409, "not_extendable")
    assert TrainedModel.objects.filter(pk=model.pk).exists()


def test_a_stranger_deletes_nothing(client: Client, publish: Publish) -> None:
    publish()
    assert_problem(client.delete(URL.format("x" * 22)), 404, "model_not_found")
    assert TrainedModel.objects.count() == 1
