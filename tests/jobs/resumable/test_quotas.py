"""How many uploads one may have open, and that nobody shuts the others out."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models import F
from django.test import Client

from jobs.models import UploadSession
from jobs.resumable import quotas, upload_sessions
from modelstore import api_keys
from modelstore.ground.throttle import caller_of
from tests.jobs.resumable.conftest import URL, left_behind

pytestmark = pytest.mark.django_db
LONG = quotas.IDLE + timedelta(minutes=1)


@pytest.fixture
def begin(client: Client, settings: Any) -> Callable[..., tuple[int, str]]:
    """Announces a file from an address or with a key; answers the status and the code of a refusal."""
    settings.FLASH_UPLOADS_PER_CALLER, settings.FLASH_UPLOADS_AT_ONCE = 3, 5

    def post(address: str = "192.0.2.1", key: str = "") -> tuple[int, str]:
        body = {"name": "things.csv", "size": 100, "task_type": "textclassification"}
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        answer = client.post(URL, body, content_type="application/json", headers=headers, REMOTE_ADDR=address)
        return answer.status_code, answer.json().get("code", "")

    return post


def rest(**filters: Any) -> None:
    """As if nothing had come for a while."""
    UploadSession.objects.filter(**filters).update(touched=F("touched") - LONG, created=F("created") - LONG)


def test_one_address_has_a_quota_and_others_go_on(begin: Callable[..., tuple[int, str]]) -> None:
    assert [begin()[0] for _ in range(4)] == [201, 201, 201, 429]
    assert begin() == (429, "upload_quota")
    assert begin("192.0.2.2")[0] == 201
    assert len(left_behind()) == UploadSession.objects.count() == 4, "what was refused leaves no file"


def test_a_key_has_a_quota_of_its_own_wherever_it_is_used(begin: Callable[..., tuple[int, str]]) -> None:
    _, key = api_keys.create(name="a program", scopes=["submit"])
    assert [begin()[0] for _ in range(4)] == [201, 201, 201, 429]
    assert [begin(f"192.0.2.{number}", key)[0] for number in (1, 2)] == [201, 201]
    stored = set(UploadSession.objects.values_list("caller", flat=True))
    assert len(stored) == 2 and not any("192.0.2" in caller or key in caller for caller in stored)


def test_addresses_of_one_ipv6_network_are_one_caller(rf: Any, begin: Callable[..., tuple[int, str]]) -> None:
    answers = [begin(f"2001:db8::{number}")[0] for number in range(1, 5)]
    assert answers == [201, 201, 201, 429]
    assert begin("2001:db8:0:1::1")[0] == 201
    assert caller_of(rf.get("/", REMOTE_ADDR="::ffff:192.0.2.1")) == "192.0.2.1"


def test_empty_uploads_shut_nobody_out(begin: Callable[..., tuple[int, str]]) -> None:
    for number in range(5):
        assert begin(f"192.0.2.{number % 2}")[0] == 201
    rest()
    assert begin("198.51.100.1")[0] == 201
    assert begin("192.0.2.0")[0] == 201, "its own empty one gives way"
    assert UploadSession.objects.count() == len(left_behind()) == 5


def test_who_has_the_most_gives_way_to_who_has_none(begin: Callable[..., tuple[int, str]]) -> None:
    greedy = [begin("192.0.2.1")[0] for _ in range(3)]
    assert [*greedy, begin("192.0.2.2")[0], begin("192.0.2.2")[0]] == [201] * 5
    first = UploadSession.objects.order_by("pk").first()
    assert begin("198.51.100.1")[0] == 201
    assert not UploadSession.objects.filter(pk=first.pk).exists()
    assert begin("198.51.100.1") == (503, "too_many_uploads"), "all have as many as it would have"


def test_what_is_being_checked_stays(begin: Callable[..., tuple[int, str]]) -> None:
    for number in range(5):
        begin(f"192.0.2.{number}")
    rest()
    UploadSession.objects.update(completing_until=F("created") + LONG + LONG)
    assert begin("198.51.100.1") == (503, "too_many_uploads")


@pytest.mark.django_db(transaction=True)
def test_many_at_once_get_no_more_than_the_quota(settings: Any) -> None:
    settings.FLASH_UPLOADS_PER_CALLER = 4

    def one(number: int) -> bool:
        try:
            upload_sessions.begin(task_type="textclassification", name="a.csv", size=10, caller="somebody")
        except quotas.UploadQuota:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(one, range(16))) == 4
    assert UploadSession.objects.count() == len(left_behind()) == 4
