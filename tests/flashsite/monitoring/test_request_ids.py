"""One id from the request through message, worker and child process, in lines of text or JSON."""

import io
import json
import logging
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import dramatiq
import pytest
from django.test import Client
from dramatiq.brokers.stub import StubBroker

from flashsite.monitoring.logs import HideTokens
from flashsite.monitoring.request_ids import Identified
from flashsite.refusals import server_error
from flashsite.supervisor.console import Console
from jobs.batches.child.order import Order
from jobs.messaging import hints
from jobs.models import Job
from jobs.states import JobStatus
from jobs.worker import runner
from modelstore.ground.tokens import new_token
from tests.jobs.conftest import make_dataset, make_job, server, trainer
from training.ground import log_lines
from training.ground.limits import Limits
from training.ground.log_lines import JsonLines, TextLines

__all__ = ["make_dataset", "make_job", "server", "trainer"]
ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(autouse=True)
def _nobodys_request() -> Iterator[None]:
    log_lines.end()
    yield
    log_lines.end()


@pytest.fixture
def lines() -> Iterator[Callable[[], list[dict[str, Any]]]]:
    """What is logged as JSON while the test runs."""
    stream, root = io.StringIO(), logging.getLogger()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLines())
    handler.addFilter(HideTokens())
    before = root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    root.removeHandler(handler)
    root.setLevel(before)


def asked(given: str | None) -> tuple[str, str]:
    """The id within a request, and the one in its answer's head."""
    heads: list[tuple[str, str]] = []
    within: list[str] = []

    def site(environ: Any, start_response: Any) -> list[bytes]:
        within.append(log_lines.request_id())
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [b""]

    environ = {} if given is None else {"HTTP_X_REQUEST_ID": given}
    list(Identified(site)(environ, lambda status, headers, *more: heads.extend(headers)))
    assert ("Content-Type", "text/plain") in heads
    return within[0], dict(heads)["X-Request-ID"]


def test_each_request_has_an_id_of_its_own() -> None:
    first, second = asked(None), asked(None)
    assert first[0] == first[1] and log_lines.is_id(first[0])
    assert first != second


def test_anybodys_id_is_not_taken() -> None:
    assert "chosen" not in asked("chosen")


@pytest.mark.parametrize("trusted", ["proxies", "scheme"])
def test_the_id_of_a_proxy_is(settings: Any, trusted: str) -> None:
    if trusted == "proxies":
        settings.REST_FRAMEWORK = {**settings.REST_FRAMEWORK, "NUM_PROXIES": 1}
    else:
        settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    assert asked("1-67890abc-def0") == ("1-67890abc-def0", "1-67890abc-def0")
    for odd in ("", "two words", "x" * 65, 'a"b', "line\nline", "ünï"):
        within, told = asked(odd)
        assert within == told != odd


def test_errors_of_ours_tell_the_id(client: Client, rf: Any) -> None:
    log_lines.begin("abc-123")
    page = server_error(rf.get("/"))
    assert page.status_code == 500 and b"abc-123" in page.content
    from flashsite.api.problems import problem_for
    from modelstore.ground.errors import FlashError
    from modelstore.ground.files import storage_unavailable

    assert problem_for(storage_unavailable())["request_id"] == "abc-123"
    assert "request_id" not in problem_for(FlashError("not valid"))
    log_lines.end()
    assert b"Number of this request" not in server_error(rf.get("/")).content


def test_lines_of_text() -> None:
    record = logging.LogRecord("jobs.x", logging.WARNING, __file__, 1, "%s is full", ("disk",), None)
    assert TextLines().format(record) == "WARNING jobs.x: disk is full"
    log_lines.begin("abc")
    assert TextLines().format(record) == "WARNING jobs.x [abc]: disk is full"


def test_lines_of_json_hold_no_tokens_and_stay_on_a_line(lines: Any) -> None:
    token = new_token()
    try:
        raise ValueError("two\nlines")
    except ValueError:
        logging.getLogger("jobs.x").exception("GET /jobs/%s/ failed", token)
    [line] = lines()
    assert line["message"] == "GET /jobs/…/ failed" and "ValueError: two\nlines" in line["exception"]
    assert (line["level"], line["logger"]) == ("ERROR", "jobs.x") and "request_id" not in line
    assert line["time"].endswith("+00:00")


@pytest.mark.django_db
def test_a_job_keeps_the_id_of_its_request(make_job: Callable[..., Job]) -> None:
    log_lines.begin("of-the-page")
    assert make_job().request_id == "of-the-page"
    log_lines.end()
    assert make_job().request_id == ""


def test_messages_carry_it_to_their_actor(
    broker: StubBroker, worker: dramatiq.Worker, transactional_db: None
) -> None:
    from dramatiq import actor

    heard: list[str] = []

    @actor(queue_name="control", broker=broker, actor_name="listen")
    def listen() -> None:
        heard.append(log_lines.request_id())

    log_lines.begin("of-the-page")
    hints.QUEUES["listen"] = "control"
    try:
        assert hints._send("listen")
        log_lines.end()
        assert hints._send("listen")
        broker.join("control")
        worker.join()
    finally:
        del hints.QUEUES["listen"], broker.actors["listen"]
    assert heard[0] == "of-the-page"
    assert heard[1] != "of-the-page" and log_lines.is_id(heard[1])


@pytest.mark.django_db(transaction=True)
def test_a_training_and_its_child_speak_of_the_request(
    make_job: Callable[..., Job], trainer: Callable[[str], None], lines: Any, tmp_path: Path
) -> None:
    log_lines.begin("of-the-page")
    job = make_job()
    log_lines.begin("of-the-worker")
    trainer("crash")
    assert runner.run_next()
    assert log_lines.request_id() == "of-the-worker"
    job.refresh_from_db()
    assert job.status in (JobStatus.QUEUED, JobStatus.FAILED)
    told = [line for line in lines() if line["logger"].startswith("jobs.worker")]
    assert any("begins" in line["message"] for line in told)
    assert any("ended with status" in line["message"] for line in told)
    assert {line["request_id"] for line in told} == {"of-the-page"}


def child(*words: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([sys.executable, *words], cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("format", ["text", "json"])
def test_what_a_child_says_is_in_lines_too(monkeypatch: pytest.MonkeyPatch, format: str) -> None:
    monkeypatch.setenv("FLASH_LOG_FORMAT", format)
    code = (
        "import logging, warnings; from training.ground import log_lines; log_lines.set_up_child('abc')\n"
        "logging.getLogger('x').error('first'); warnings.warn('second')"
    )
    told = child("-c", code).stderr.splitlines()
    if format == "text":
        assert told[0] == "ERROR x [abc]: first"
        assert told[1].startswith("WARNING py.warnings [abc]:") and "second" in told[1]
    else:
        found = [json.loads(line) for line in told]
        assert [line["request_id"] for line in found] == ["abc", "abc"]
        assert found[0]["message"] == "first" and "second" in found[1]["message"]


def test_a_batch_that_fails_tells_its_request(tmp_path: Path) -> None:
    order = {"upload": "nothing", "name": "a.csv", "bundle": str(tmp_path / "no-bundle"), "limits": Limits()}
    Order(task="textclassification", kind="table", request_id="of-the-page", **order).write(tmp_path)
    told = child("-m", "jobs.batches.child", str(tmp_path))
    assert told.returncode == 1 and "[of-the-page]: The batch failed" in told.stderr


def test_a_training_that_fails_tells_its_request(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps({"config": {}, "request_id": "of-the-page"}))
    code = (
        "import sys, training.__main__ as m\n"
        "def fault(*_): raise RuntimeError('a fault')\n"
        "m._run = fault\n"
        "sys.exit(m.main(sys.argv[1:]))"
    )
    told = child("-c", code, str(tmp_path))
    assert told.returncode == 1, told.stderr
    assert "ERROR training [of-the-page]: The training stopped" in told.stderr and "a fault" in told.stderr


def test_the_console_of_make_up_speaks_json_too() -> None:
    out = io.StringIO()
    console = Console(out, as_json=True)
    console.say('Flash is "ready"')
    console.line("web", '{"time": "now", "message": "hello"}')
    console.line("redis", "* Ready to accept {connections}")
    assert [json.loads(line) for line in out.getvalue().splitlines()] == [
        {"program": "flash", "message": 'Flash is "ready"'},
        {"program": "web", "time": "now", "message": "hello"},
        {"program": "redis", "message": "* Ready to accept {connections}"},
    ]
