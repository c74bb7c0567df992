"""Webhook receivers that take their time keep nobody else waiting, and not for ever."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from django.utils import timezone

from jobs.models import JobEvent, Notice
from jobs.notices import notifications, webhooks
from jobs.notices.webhooks import WebhookFailed

BODY = {"event": "job.deployed"}


class Dripping:
    """Takes connections and answers a byte now and then, without an end."""

    def __init__(self) -> None:
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = self._server.getsockname()[1]
        self._ended = threading.Event()
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._server.accept()
                threading.Thread(target=self._drip, args=(connection,), daemon=True).start()

    def _drip(self, connection: socket.socket) -> None:
        with connection, suppress(OSError):
            # The beginning of an answer, or of a record of TLS.
            connection.sendall(b"H" if connection.recv(1) == b"P" else b"\x16\x03\x03\x40\x00")
            while not self._ended.wait(0.05):
                connection.sendall(b"H")

    def close(self) -> None:
        self._ended.set()
        self._server.close()


@pytest.fixture
def dripping(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Dripping]:
    settings.FLASH_WEBHOOKS_PRIVATE = True
    monkeypatch.setattr(webhooks, "_SECONDS", 1)
    made = Dripping()
    yield made
    made.close()


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_all_of_a_delivery_has_a_deadline(dripping: Dripping, scheme: str) -> None:
    started = time.monotonic()
    with pytest.raises(WebhookFailed, match="did not answer"):
        webhooks.post(f"{scheme}://127.0.0.1:{dripping.port}/", BODY, key="k", event="e", delivery="d")
    assert time.monotonic() - started < 5


@pytest.mark.django_db(transaction=True)
def test_mails_and_machines_go_on_meanwhile(make_job: Any, broker: Any, dripping: Dripping) -> None:
    job = make_job(status="deployed")
    address = f"http://127.0.0.1:{dripping.port}/"
    notifications.ask(job=job, email="ada@example.org", webhook=address, site="https://flash.example")
    assert notifications.send_due() == 2
    assert broker.queues["control"].qsize() == 1
    assert broker.queues["webhooks"].qsize() == 1


@pytest.mark.django_db(transaction=True)
def test_tries_that_never_come_back_have_an_end_too(make_job: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    job = make_job(status="deployed")
    notifications.ask(job=job, email="", webhook="https://public.example/", site="")
    notice = Notice.objects.get()
    monkeypatch.setattr(webhooks, "post", _killed)
    waits = []
    while Notice.objects.exists():
        before = timezone.now()
        with suppress(SystemExit):
            notifications.deliver(pk=notice.pk)
        if Notice.objects.exists():
            waits.append(round((Notice.objects.get().next_try - before).total_seconds()))
            Notice.objects.update(next_try=before)
    assert len(waits) == len(notifications.WAITS) + 1
    assert waits == sorted(waits)
    assert JobEvent.objects.filter(job=job, message__contains="given up").exists()


def _killed(*_: Any, **__: Any) -> None:
    """As by the time limit of the actor, which is no Exception, or by kill -9."""
    raise SystemExit
