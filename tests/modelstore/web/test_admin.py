"""What operators do with models in the admin, and that it is written down."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.utils import timezone
from django.utils.formats import date_format

from modelstore import api_keys
from modelstore.ground import admin_tools
from modelstore.models import ApiKey, CleanupPolicy, PruneState, Tombstone, TrainedModel
from tests.modelstore.conftest import Publish
from tests.modelstore.test_models import row
from tests.published import with_a_known_token

MODELS = "/admin/modelstore/trainedmodel/"
POLICY = "/admin/modelstore/cleanuppolicy/"


def act(client: Client, action: str, *models: TrainedModel) -> Any:
    """Asks first, and does nothing before the answer."""
    form = {"action": action, "_selected_action": [model.pk for model in models]}
    before = list(TrainedModel.objects.values())
    asked = client.post(MODELS, form)
    assert b"Yes, do it" in asked.content
    assert list(TrainedModel.objects.values()) == before
    return client.post(MODELS, form | {"confirmed": "yes"}, follow=True)


@pytest.mark.parametrize(
    ("action", "before", "after"),
    [
        ("pin", {"pinned": False}, {"pinned": True}),
        ("unpin", {"pinned": True}, {"pinned": False}),
        ("allow_download", {"downloadable": False}, {"downloadable": True}),
        ("forbid_download", {"downloadable": True}, {"downloadable": False}),
        ("expire_now", {"pinned": True}, {"pinned": False}),
    ],
)
def test_each_action_changes_what_was_chosen_and_is_logged(
    admin_client: Client, before: dict[str, Any], after: dict[str, Any], action: str
) -> None:
    chosen, other = row(**before), row(**before)
    chosen.save()
    other.save()
    response = act(admin_client, action, chosen)
    assert b"1 model " in response.content
    assert TrainedModel.objects.filter(pk=chosen.pk, **after).exists()
    assert TrainedModel.objects.filter(pk=other.pk, **before).exists()
    entry = LogEntry.objects.get()
    assert (entry.object_id, entry.user.username) == (str(chosen.pk), "admin")
    assert entry.change_message


def test_the_page_of_a_model_says_when_it_expires_as_people_write_it(admin_client: Client) -> None:
    model = row()
    model.save()
    page = admin_client.get(f"{MODELS}{model.pk}/change/").content.decode()
    expires = model.expires(CleanupPolicy.current())
    assert date_format(timezone.localtime(expires), "DATETIME_FORMAT") in page
    assert "+00:00" not in page
    assert 'rel="icon"' in page


def test_expire_now_holds_at_once_whatever_the_policy_and_the_pin(admin_client: Client) -> None:
    CleanupPolicy(pk=1, active=False).save()
    model = row(pinned=True)
    model.save()
    act(admin_client, "expire_now", model)
    model.refresh_from_db()
    assert model.is_expired(CleanupPolicy.current(), timezone.now())


def test_extending_makes_no_life_shorter(admin_client: Client) -> None:
    short, long = row(), row(expires_override=timezone.now() + timedelta(days=9))
    short.save()
    long.save()
    act(admin_client, "extend_day", short, long)
    before = long.expires_override
    short.refresh_from_db()
    long.refresh_from_db()
    assert short.expires_override is not None
    assert short.expires_override > timezone.now() + timedelta(hours=23)
    assert long.expires_override == before
    assert [int(entry.object_id) for entry in LogEntry.objects.all()] == [short.pk]


def test_models_are_found_by_whole_token_and_by_name(admin_client: Client) -> None:
    model, other = row(task_name="Cats"), row(task_name="Dogs")
    model.save()
    other.save()
    token = with_a_known_token(model).token
    for query in (token, "cat"):
        content = admin_client.get(MODELS, {"q": query}).content
        assert b"Cats" in content
        assert b"Dogs" not in content
    assert b"Cats" not in admin_client.get(MODELS, {"q": token[:10]}).content


def test_models_are_filtered_by_state(admin_client: Client) -> None:
    row(task_name="Young").save()
    row(task_name="Aged", created=timezone.now() - timedelta(hours=5)).save()
    live = admin_client.get(MODELS, {"state": "live"}).content
    expired = admin_client.get(MODELS, {"state": "expired"}).content
    assert (b"Young" in live, b"Aged" in live) == (True, False)
    assert (b"Young" in expired, b"Aged" in expired) == (False, True)


def test_the_list_costs_the_same_for_one_model_and_for_many(admin_client: Client) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    counts = []
    for _ in range(2):
        for _ in range(10):
            row().save()
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert admin_client.get(MODELS).status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1] < 15


def test_a_model_can_be_changed_but_neither_added_nor_deleted(admin_client: Client, publish: Publish) -> None:
    model = publish()
    page = f"{MODELS}{model.pk}/change/"
    assert admin_client.get(page).status_code == 200
    later = timezone.now() + timedelta(days=3)
    form = {
        "task_name": "New name",
        "pinned": "on",
        "expires_override": f"{later:%Y-%m-%dT}10:00:00",
    }
    assert admin_client.post(page, form).status_code == 302
    model.refresh_from_db()
    assert (model.task_name, model.pinned, model.downloadable) == ("New name", True, False)
    assert model.expires_override == later.replace(hour=10, minute=0, second=0, microsecond=0)
    assert f'value="{later:%Y-%m-%dT}10:00:00"' in admin_client.get(page).content.decode()
    assert LogEntry.objects.count() == 1
    assert admin_client.get(f"{MODELS}add/").status_code == 403
    assert admin_client.post(f"{MODELS}{model.pk}/delete/", {"post": "yes"}).status_code == 403


def test_the_policy_is_one_page_and_its_changes_are_logged(admin_client: Client) -> None:
    response = admin_client.get(POLICY, follow=True)
    assert response.redirect_chain[-1][0] == f"{POLICY}1/change/"
    assert (
        admin_client.post(f"{POLICY}1/change/", {"retention": "6:30:00", "longest": "24:00:00"}).status_code
        == 302
    )
    policy = CleanupPolicy.current()
    assert (policy.active, policy.retention) == (False, timedelta(hours=6, minutes=30))
    assert "active" in LogEntry.objects.get().change_message.lower() or LogEntry.objects.get().change_message
    assert admin_client.get(f"{POLICY}add/").status_code == 403


@pytest.mark.parametrize("retention", ["", "-1:00:00", "00:00:10", "soon", "9" * 30])
def test_a_senseless_retention_is_refused_beside_the_field(admin_client: Client, retention: str) -> None:
    CleanupPolicy(pk=1).save()
    response = admin_client.post(
        f"{POLICY}1/change/", {"active": "on", "retention": retention, "longest": "24:00:00"}
    )
    assert response.status_code == 200
    assert b"errorlist" in response.content
    assert CleanupPolicy.current().retention == timedelta(hours=2)


def test_the_policy_page_shows_why_nothing_was_pruned(admin_client: Client) -> None:
    CleanupPolicy(pk=1).save()
    PruneState(pk=1, last_run=timezone.now(), last_alert="the clock was put forward").save()
    assert b"the clock was put forward" in admin_client.get(f"{POLICY}1/change/").content


def test_files_that_would_not_go_are_listed(admin_client: Client) -> None:
    Tombstone.objects.create(storage_prefix="jobs/1/1", failures=3, last_error="slow down")
    assert b"slow down" in admin_client.get("/admin/modelstore/tombstone/").content


@pytest.mark.parametrize("path", [MODELS, POLICY, f"{POLICY}1/change/", "/admin/modelstore/tombstone/"])
def test_others_are_sent_to_the_login(client: Client, django_user_model: Any, path: str, db: None) -> None:
    assert client.get(path).status_code == 302
    client.force_login(django_user_model.objects.create_user("someone"))
    assert client.get(path).status_code == 302


def test_a_key_is_shown_once_and_revoked_with_an_audit_row(admin_client: Client) -> None:
    keys = "/admin/modelstore/apikey/"
    made = admin_client.post(f"{keys}add/", {"name": "nightly", "scopes": ["read", "operate"]})
    assert "no-store" in made["Cache-Control"]
    (secret,) = re.findall(r"flash_[A-Za-z0-9]{40}", made.content.decode())
    key = api_keys.find(secret)
    assert (key.name, key.scopes) == ("nightly", ["read", "operate"])
    for page in (keys, f"{keys}{key.pk}/change/"):
        assert secret not in admin_client.get(page).content.decode()
    form = {"action": "revoke", "_selected_action": [key.pk], "confirmed": "yes"}
    assert admin_client.post(keys, form).status_code == 302
    with pytest.raises(api_keys.KeyInvalid):
        api_keys.find(secret)
    assert LogEntry.objects.all()[0].change_message == "Revoked."


@pytest.mark.parametrize(
    "wrong",
    [{"scopes": []}, {"scopes": ["all"]}, {"name": ""}, {"expires": "2020-01-01T10:00"}],
)
def test_a_senseless_key_is_not_made(admin_client: Client, wrong: dict[str, Any]) -> None:
    form = {"name": "nightly", "scopes": ["read"]} | wrong
    assert b"errorlist" in admin_client.post("/admin/modelstore/apikey/add/", form).content
    assert not ApiKey.objects.exists()


def test_a_long_list_is_counted_to_its_cap(admin_client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admin_tools, "MOST_LISTED", 3)
    monkeypatch.setattr(admin_tools.CappedPaginator, "most", 3)
    for _ in range(5):
        row().save()
    page = " ".join(admin_client.get(MODELS).content.decode().split())
    assert "The newest 3 trained models; there are more" in page
