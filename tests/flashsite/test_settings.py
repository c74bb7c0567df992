"""Reading the environment, the secret key, the checks, and what the log hides."""

import ast
import logging
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from django.core import checks
from dramatiq.brokers.redis import RedisBroker

from flashsite import env, redis_socket, secret
from flashsite.checks import children_can_be_locked_in
from flashsite.monitoring.logs import HideTokens
from modelstore.ground.tokens import new_token
from training.ground import landlock

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def _no_problems(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(env, "PROBLEMS", [])


@pytest.mark.parametrize(
    ("text", "value"),
    [("500", 500), ("2G", 2 * 1024**3), ("1.5m", 1_572_864), ("10 MiB", 10 * 1024**2), ("1kb", 1024)],
)
def test_sizes_are_read_with_units(monkeypatch: pytest.MonkeyPatch, text: str, value: int) -> None:
    monkeypatch.setenv("FLASH_X", text)
    assert env.size("FLASH_X", 1) == value
    assert env.PROBLEMS == []


@pytest.mark.parametrize(
    ("read", "text"),
    [
        (lambda: env.size("FLASH_X", 1), "much"),
        (lambda: env.integer("FLASH_X", 1, low=1), "0"),
        (lambda: env.boolean("FLASH_X", True), "perhaps"),
        (lambda: env.database("FLASH_X", {}), "oracle://x"),
    ],
)
def test_a_bad_value_is_told_and_the_default_taken(monkeypatch: pytest.MonkeyPatch, read, text: str) -> None:
    monkeypatch.setenv("FLASH_X", text)
    read()
    assert env.PROBLEMS[0][0] == "FLASH_X"
    assert "set it to" in env.PROBLEMS[0][1]


@pytest.mark.parametrize(
    ("url", "seconds"),
    [
        ("redis://queue:6379/3", 5.0),
        ("unix:///run/r.sock?db=1", 5.0),
        ("redis://queue/0?socket_timeout=1", 1.0),
    ],
)
def test_a_redis_that_hangs_is_given_up(url: str, seconds: float) -> None:
    broker = RedisBroker(url=redis_socket.with_limits(url))
    options = broker.client.get_connection_kwargs()
    assert (options["socket_timeout"], options["socket_connect_timeout"]) == (seconds, 3.0)
    assert options.get("db") in (0, 1, 3)
    assert options.get("host") == "queue" or options.get("path") == "/run/r.sock"


def test_a_postgres_address_becomes_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLASH_X", "postgres://me:s%40e@db:5433/flash?sslmode=require")
    database = env.database("FLASH_X", {})
    assert (database["USER"], database["PASSWORD"], database["HOST"], database["PORT"]) == (
        "me",
        "s@e",
        "db",
        "5433",
    )
    assert database["OPTIONS"] == {"sslmode": "require"}


def test_the_secret_key_is_made_once_and_readable_by_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "var" / "secret_key"
    key = secret.load_or_create(path)
    assert len(key) > 50
    assert secret.load_or_create(path) == key
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_folder_that_cannot_be_made_becomes_a_problem(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert secret.load_or_create(tmp_path / "file" / "secret_key")
    assert "FLASH_VAR_DIR" in env.PROBLEMS[0][1]


def test_log_lines_show_no_token() -> None:
    record = logging.LogRecord(
        "x", logging.INFO, "x", 1, "GET /jobs/%s/ 200", ("abcdefghijklmnopqrstuv",), None
    )
    HideTokens().filter(record)
    assert record.getMessage() == "GET /jobs/…/ 200"


@pytest.mark.parametrize(
    "line",
    [
        "PATCH /api/v1/uploads/{}/ 204",
        "GET /api/v1/batches/{}/results/ 200",
        "upload {} is gone",
        "datasets/20260102/{}: no such file",
        '{{"token": "{}"}}',
    ],
)
def test_tokens_are_hidden_wherever_they_stand(line: str) -> None:
    for _ in range(50):
        token = new_token()
        record = logging.LogRecord("x", logging.INFO, "x", 1, line.format(token), (), None)
        HideTokens().filter(record)
        assert token not in record.getMessage()


def test_tracebacks_show_no_token_and_stay_readable() -> None:
    token = new_token()
    try:
        raise FileNotFoundError(f"datasets/{token}")
    except FileNotFoundError:
        record = logging.LogRecord("x", logging.ERROR, "x", 1, "it failed", (), sys.exc_info())
    HideTokens().filter(record)
    text = logging.Formatter().format(record)
    assert token not in text
    assert "FileNotFoundError: datasets/…" in text
    assert "test_tracebacks_show_no_token_and_stay_readable" in text


@pytest.mark.parametrize("line", ["internationalizations", "3f2a" * 8, "a-b-c-d-e-f-g-h-i-j-k-l", "1" * 30])
def test_other_words_stay(line: str) -> None:
    record = logging.LogRecord("x", logging.INFO, "x", 1, line, (), None)
    HideTokens().filter(record)
    assert record.getMessage() == line


def test_the_folder_is_for_its_owner_alone(tmp_path: Path) -> None:
    made = tmp_path / "new"
    secret.load_or_create(made / "secret_key")
    assert made.stat().st_mode & 0o777 == 0o700
    made.chmod(0o755)
    secret.load_or_create(made / "secret_key")
    assert made.stat().st_mode & 0o777 == 0o700


def test_a_folder_of_others_is_left_as_it_is(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    secret.load_or_create(tmp_path / "secret_key")
    assert tmp_path.stat().st_mode & 0o777 == 0o755


def test_the_web_starts_without_what_few_requests_need(tmp_path: Path) -> None:
    """Each of these takes a tenth of a second or more, and memory in every process of the web."""
    code = (
        "import sys, flashsite.wsgi;"
        "from django.template import engines; engines.all();"
        "from django.urls import get_resolver; get_resolver().url_patterns;"
        "print(sorted({name.split('.')[0] for name in sys.modules}))"
    )
    environment = os.environ | {
        "FLASH_VAR_DIR": str(tmp_path),
        "DJANGO_SETTINGS_MODULE": "flashsite.settings",
        # On PostgreSQL its driver is needed from the start, of course.
        "DATABASE_URL": "",
    }
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    loaded = set(ast.literal_eval(done.stdout))
    assert {"django", "rest_framework", "jobs"} <= loaded
    late = {
        "PIL",
        "av",
        "boto3",
        "botocore",
        "hypothesis",
        "jinja2",
        "numpy",
        "onnx",
        "onnxruntime",
        "pandas",
        "pika",
    }
    late |= {
        "polars",
        "psycopg",
        "pyarrow",
        "pygments",
        "redis",
        "requests",
        "tokenizers",
        "torch",
        "torchvision",
        "yaml",
    }
    assert not loaded & late


def test_the_web_process_never_imports_torch(tmp_path: Path) -> None:
    code = (
        "import sys, django; django.setup();"
        "from django.urls import get_resolver; get_resolver().url_patterns;"
        "import flashsite.wsgi, flashsite.api.urls, jobs.actors, jobs.worker.runner, jobs.admin,"
        " modelstore.prediction.predictor, modelstore.admin, training.bundle.onnx_classifier, onnxruntime;"
        "bad = sorted(name for name in sys.modules if name.split('.')[0] in ('torch', 'torchvision'));"
        "sys.exit(f'imported: {bad[:3]}' if bad else 0)"
    )
    environment = os.environ | {
        "FLASH_VAR_DIR": str(tmp_path),
        "DJANGO_SETTINGS_MODULE": "flashsite.settings",
    }
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


def test_a_system_that_cannot_lock_readers_in_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(landlock, "is_there", lambda: True)
    assert children_can_be_locked_in() == []
    monkeypatch.setattr(landlock, "is_there", lambda: False)
    (told,) = children_can_be_locked_in()
    assert told.level < checks.WARNING, "the other bounds hold"
    assert "5.13" in (told.hint or "")
