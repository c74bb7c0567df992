"""manage.py: models, api_keys."""

import json
from datetime import datetime, timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from modelstore import api_keys
from modelstore.api_keys import KeyInvalid
from modelstore.models import ApiKey, TrainedModel
from tests.modelstore.conftest import Publish

pytestmark = pytest.mark.django_db


def run(*arguments: str) -> str:
    out = StringIO()
    call_command(*arguments, stdout=out, stderr=StringIO())
    return out.getvalue()


def test_models_are_listed_while_they_live(publish: Publish) -> None:
    publish(created=timezone.now() - timedelta(hours=3))
    model = publish("text", task_name="Moods")
    assert [line.split()[0] for line in run("models").splitlines()] == ["ID", str(model.pk)]
    (told,) = json.loads(run("models", "--json"))
    assert (told["id"], told["task_name"], told["classes"]) == (model.pk, "Moods", model.classes)
    TrainedModel.objects.all().delete()
    assert "no models" in run("models")


def test_how_long_a_model_lives_is_decided(publish: Publish) -> None:
    model = publish("text")
    assert json.loads(run("models", model.token, "--pin", "--json"))[0]["expires"] is None
    assert json.loads(run("models", str(model.pk), "--unpin", "--json"))[0]["expires"]
    (told,) = json.loads(run("models", model.token, "--extend", "48", "--json"))
    assert datetime.fromisoformat(told["expires"]) > timezone.now() + timedelta(hours=47)
    run("models", model.token, "--expire")
    with pytest.raises(CommandError, match="expired"):
        run("models", model.token)


def test_a_key_is_made_listed_and_revoked() -> None:
    secret = run("api_keys", "create", "nightly", "--scope", "operate", "--days", "30").strip()
    key = api_keys.find(secret)
    assert (key.name, key.scopes) == ("nightly", ["operate"])
    assert key.expires is not None
    assert secret not in run("api_keys", "list")
    assert json.loads(run("api_keys", "list", "--json"))[0]["name"] == "nightly"
    assert "revoked" in run("api_keys", "revoke", key.start)
    with pytest.raises(KeyInvalid):
        api_keys.find(secret)
    assert "revoked" in run("api_keys", "list")


def test_a_key_is_told_once_as_json() -> None:
    told = json.loads(run("api_keys", "create", "program", "--json"))
    assert told["scopes"] == ["read", "submit"]
    assert api_keys.find(told["key"]).name == "program"


def test_what_cannot_be_told_apart_is_not_revoked() -> None:
    for _ in range(2):
        run("api_keys", "create", "twin")
    with pytest.raises(CommandError, match="Several"):
        run("api_keys", "revoke", "twin")
    with pytest.raises(CommandError, match="No usable key"):
        run("api_keys", "revoke", "nobody")
    with pytest.raises(CommandError, match="Say which"):
        run("api_keys", "create")
    assert ApiKey.objects.filter(revoked=None).count() == 2
