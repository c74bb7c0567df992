"""A key in a cookie opens its session; what the database says of it opens nothing."""

from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from flashsite.sessions import SessionStore

pytestmark = pytest.mark.django_db
ADMIN = "/admin/"


def signed_in(key: str) -> bool:
    client = Client()
    client.cookies["sessionid"] = key
    return client.get(ADMIN).status_code == 200


def test_an_operator_stays_signed_in_and_signs_out(admin_client: Client) -> None:
    key = admin_client.cookies["sessionid"].value
    row = Session.objects.get()
    assert row.session_key != key
    assert signed_in(key) and not signed_in(row.session_key)
    assert admin_client.post("/admin/logout/").status_code == 200
    assert not signed_in(key)
    assert not Session.objects.filter(pk=row.pk).exists()


def test_a_session_ends_with_its_time(admin_client: Client) -> None:
    Session.objects.update(expire_date=timezone.now() - timedelta(seconds=1))
    assert not signed_in(admin_client.cookies["sessionid"].value)


def test_what_is_kept_is_read_again_changed_and_taken_over_by_a_new_key() -> None:
    store = SessionStore()
    store["a"] = 1
    store.save()
    first = store.session_key
    assert first is not None and store.exists(first)
    again = SessionStore(first)
    again["a"] += 1
    again.save()
    again.cycle_key()
    assert again.session_key is not None and SessionStore(again.session_key)["a"] == 2
    assert not store.exists(first)
    assert "a" not in SessionStore(first)
