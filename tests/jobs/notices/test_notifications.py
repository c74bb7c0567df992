"""Whoever asked is told when a job ends; nobody is sent where a stranger wants us to go."""

import hashlib
import hmac
import json
import socket
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from jobs.models import Job, JobEvent, Notice
from jobs.notices import notifications, webhooks
from jobs.notices.webhooks import WebhookFailed, WebhookRefused
from jobs.queue import cancellation, lifecycle

BODY = {"event": "job.deployed"}


class Receiver:
    """A real HTTP server; `answers` are the statuses of its answers, the last one again and again."""

    def __init__(self) -> None:
        self.answers = [200]
        self.received: list[tuple[str, dict[str, str], bytes]] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.received.append((self.path, dict(self.headers), body))
                status = outer.answers.pop(0) if len(outer.answers) > 1 else outer.answers[0]
                self.send_response(status)
                self.send_header("Location", "http://127.0.0.1/elsewhere")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *args: object) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook?x=1"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def receiver(settings: Any) -> Iterator[Receiver]:
    settings.FLASH_WEBHOOKS_PRIVATE = True
    made = Receiver()
    yield made
    made.close()


@pytest.fixture
def asked(make_job: Callable[..., Job]) -> Callable[..., Job]:
    def make(email: str = "", webhook: str = "", **values: Any) -> Job:
        job = make_job(**({"status": "deployed", "accuracy": 0.9, "finished": timezone.now()} | values))
        notifications.ask(job=job, email=email, webhook=webhook, site="https://flash.example/")
        return job

    return make


def deliver(job: Job) -> None:
    for pk in job.notices.values_list("pk", flat=True):
        notifications.deliver(pk=pk)


@pytest.mark.django_db
class TestWebhooks:
    def test_it_is_posted_signed_and_forgotten(self, asked: Any, receiver: Receiver) -> None:
        job = asked(webhook=receiver.url)
        deliver(job)
        ((path, headers, body),) = receiver.received
        assert path == "/hook?x=1"
        told = json.loads(body)
        assert (told["event"], told["accuracy"]) == ("job.deployed", 0.9)
        assert told["job"] == hashlib.sha256(job.token.encode()).hexdigest()
        assert job.token not in body.decode() + str(headers)
        time, signature = (part.split("=")[1] for part in headers["Flash-Signature"].split(","))
        assert signature == hmac.new(job.token.encode(), f"{time}.".encode() + body, "sha256").hexdigest()
        assert not Notice.objects.exists()
        deliver(job)
        assert len(receiver.received) == 1

    def test_it_is_tried_again_later_with_the_same_number(
        self, asked: Any, receiver: Receiver, broker: Any
    ) -> None:
        receiver.answers = [500, 204]
        job = asked(webhook=receiver.url)
        deliver(job)
        notice = job.notices.get()
        assert notice.tries == 1
        assert timezone.now() < notice.next_try <= timezone.now() + notifications.WAITS[0]
        deliver(job)
        assert len(receiver.received) == 1
        Notice.objects.update(next_try=timezone.now())
        deliver(job)
        assert not job.notices.exists()
        assert len({headers["Flash-Delivery"] for _, headers, _ in receiver.received}) == 1

    @pytest.mark.parametrize("status", [410, 302, 307])
    def test_some_answers_end_it_at_once(self, asked: Any, receiver: Receiver, status: int) -> None:
        receiver.answers = [status]
        job = asked(webhook=receiver.url)
        deliver(job)
        assert len(receiver.received) == 1
        assert not job.notices.exists()
        assert "given up" in JobEvent.objects.get(job=job).message

    def test_it_is_given_up_in_the_end(self, asked: Any, receiver: Receiver) -> None:
        receiver.answers = [500]
        job = asked(webhook=receiver.url)
        Notice.objects.update(tries=len(notifications.WAITS))
        deliver(job)
        assert not job.notices.exists()

    def test_nothing_is_sent_before_the_end(self, asked: Any, receiver: Receiver) -> None:
        deliver(asked(webhook=receiver.url, status="training", finished=None))
        assert not receiver.received

    def test_two_workers_send_once(self, asked: Any, receiver: Receiver) -> None:
        job = asked(webhook=receiver.url)
        Notice.objects.update(next_try=timezone.now() + timedelta(minutes=2))
        deliver(job)
        assert not receiver.received

    def test_a_closed_port_is_a_failure_to_repeat(self, receiver: Receiver) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            url = f"http://127.0.0.1:{probe.getsockname()[1]}/"
            with pytest.raises(WebhookFailed):
                webhooks.post(url, BODY, key="k", event="e", delivery="d")


class TestWhereItMayGo:
    @pytest.mark.parametrize(
        "url",
        [
            "http://127.0.0.1/", "http://localhost/", "https://[::1]/", "http://169.254.169.254/latest/meta-data/",
            "http://10.0.0.1/", "http://192.168.1.1:8080/", "http://172.16.0.1/", "http://100.64.0.1/",
            "http://0.0.0.0/", "http://224.0.0.1/", "http://[::ffff:127.0.0.1]/", "http://[fd00::1]/",
            "http://[fe80::1]/", "http://[2002:7f00:1::]/", "http://[64:ff9b::7f00:1]/",
        ],
    )  # fmt: skip
    def test_private_addresses_are_refused_however_they_are_written(self, url: str) -> None:
        with pytest.raises((WebhookRefused, WebhookFailed)):
            webhooks.post(url, BODY, key="k", event="e", delivery="d")

    @pytest.mark.parametrize("host", ["2130706433", "0x7f.1", "127.1", "innocent.example"])
    def test_a_name_that_leads_to_a_private_address_is_refused(
        self, monkeypatch: pytest.MonkeyPatch, host: str
    ) -> None:
        loopback = [(2, 1, 6, "", ("127.0.0.1", 80))]
        monkeypatch.setattr(webhooks.socket, "getaddrinfo", lambda *_, **__: loopback)
        with pytest.raises(WebhookRefused, match="private"):
            webhooks.post(f"http://{host}/", BODY, key="k", event="e", delivery="d")

    @pytest.mark.parametrize(
        "url",
        ["ftp://example.org/", "https://", "https://a:b@example.org/", "https://example.org:22/", "nonsense",
         "https://example.org/ x", "https://example.org:x/", "https://exämple.org/"],
    )  # fmt: skip
    def test_odd_urls_are_refused_at_submit(self, url: str) -> None:
        assert notifications.problems(email="", webhook=url)["notify_webhook"]

    def test_one_private_address_among_public_ones_is_enough(self, monkeypatch: pytest.MonkeyPatch) -> None:
        found = [(2, 1, 6, "", ("93.184.216.34", 80)), (2, 1, 6, "", ("10.0.0.1", 80))]
        monkeypatch.setattr(webhooks.socket, "getaddrinfo", lambda *_, **__: found)
        with pytest.raises(WebhookRefused, match="private"):
            webhooks.post("http://rebind.example/", BODY, key="k", event="e", delivery="d")

    def test_it_connects_to_the_address_that_was_looked_at(self, monkeypatch: pytest.MonkeyPatch) -> None:
        asked: list[str] = []
        connected: list[Any] = []

        def resolve(host: str, port: int, **_: Any) -> Any:
            asked.append(host)
            return [(2, 1, 6, "", ("93.184.216.34", port))]

        def connect(address: Any, timeout: float) -> socket.socket:
            connected.append(address)
            raise ConnectionRefusedError

        monkeypatch.setattr(webhooks.socket, "getaddrinfo", resolve)
        monkeypatch.setattr(webhooks.socket, "create_connection", connect)
        with pytest.raises(WebhookFailed):
            webhooks.post("https://public.example/", BODY, key="k", event="e", delivery="d")
        assert (asked, connected) == (["public.example"], [("93.184.216.34", 443)])


@pytest.mark.django_db
class TestMail:
    def test_it_tells_how_it_went_and_where(self, asked: Any, settings: Any) -> None:
        settings.EMAIL_HOST = "mail.example"
        job = asked(email="ada@example.org", task_name="cats and dogs")
        deliver(job)
        (message,) = mail.outbox
        assert message.subject == "cats and dogs is ready"
        assert message.to == ["ada@example.org"]
        assert f"https://flash.example/jobs/{job.token}/" in message.body
        assert "90.0 %" in message.body
        assert not Notice.objects.exists()

    def test_a_failure_is_told_with_its_reason(self, asked: Any) -> None:
        deliver(asked(email="ada@example.org", status="failed", accuracy=None, error="Out of memory."))
        assert "Out of memory." in mail.outbox[0].body


@pytest.mark.django_db(transaction=True)
def test_every_end_of_a_job_is_told(make_job: Any, broker: Any) -> None:
    def end(finish: Callable[[Job], Any], **values: Any) -> int:
        broker.flush_all()
        job = make_job(**values)
        notifications.ask(job=job, email="ada@example.org", webhook="", site="")
        finish(job)
        job.refresh_from_db()
        assert job.is_ended
        return broker.queues["control"].qsize()

    assert end(lambda job: lifecycle.fail(job=job, error="x"), status="training") == 1
    assert end(lambda job: lifecycle.finish_cancelled(job=job), status="training") == 1
    assert end(lambda job: cancellation.cancel(job=job)) == 1


@pytest.mark.django_db(transaction=True)
def test_the_sweep_repeats_a_lost_hint_and_the_actor_sends(
    make_job: Any, receiver: Receiver, broker: Any, worker: Any
) -> None:
    job = make_job(status="deployed")
    notifications.ask(job=job, email="", webhook=receiver.url, site="")
    assert notifications.send_due() == 1
    broker.join("webhooks", timeout=10_000)
    worker.join()
    assert len(receiver.received) == 1
    assert notifications.send_due() == 0


@pytest.mark.django_db
class TestAsking:
    def test_the_page_takes_an_address(self, client: Client, make_dataset: Any, settings: Any) -> None:
        settings.EMAIL_HOST = "mail.example"
        address = reverse("dataset", args=[make_dataset().token])
        fields = {
            "task_name": "moods",
            "notify_email": "ada@example.org",
            "notify_webhook": "https://a.example/x",
        }
        assert client.post(address, fields).status_code == 302
        assert set(Notice.objects.values_list("kind", "target", "site")) == {
            ("email", "ada@example.org", "http://testserver/"),
            ("webhook", "https://a.example/x", "http://testserver/"),
        }

    def test_a_wrong_address_is_told_beside_it(
        self, client: Client, make_dataset: Any, settings: Any
    ) -> None:
        settings.EMAIL_HOST = "mail.example"
        address = reverse("dataset", args=[make_dataset().token])
        fields = {"task_name": "moods", "notify_email": "ada", "notify_webhook": "http://10.0.0.1/"}
        response = client.post(address, fields)
        assert response.status_code == 400
        assert set(response.context["form"].errors) == {"notify_email", "notify_webhook"}
        assert not Job.objects.exists()

    def test_the_api_takes_an_address(self, client: Client, make_dataset: Any) -> None:
        fields = {
            "dataset_token": make_dataset().token,
            "task_name": "moods",
            "notify_webhook": "https://a.example/x",
        }
        response = client.post(reverse("api:jobs"), fields, content_type="application/json")
        assert response.status_code == 201, response.content
        assert Notice.objects.get().target == "https://a.example/x"

    def test_without_a_mail_server_the_api_says_so(self, client: Client, make_dataset: Any) -> None:
        fields = {
            "dataset_token": make_dataset().token,
            "task_name": "moods",
            "notify_email": "ada@example.org",
        }
        response = client.post(reverse("api:jobs"), fields, content_type="application/json")
        assert response.status_code == 400
        assert "cannot send mail" in response.json()["errors"]["notify_email"][0]
