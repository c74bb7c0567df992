"""What is said over and over is said a few times a minute."""

import logging
from typing import Any

import pytest

from flashsite.monitoring import logs
from flashsite.monitoring.logs import Calm


def record(message: str, *values: Any, level: int = logging.WARNING, name: str = "a") -> logging.LogRecord:
    return logging.LogRecord(name, level, __file__, 1, message, values, None)


def test_the_same_warning_is_let_through_a_few_times() -> None:
    calm = Calm()
    passed = [calm.filter(record("message %s failed after %d s", f"0f3c9a7e-{n:04x}", n)) for n in range(100)]
    assert sum(passed) == Calm.FEW
    assert calm.filter(record("another")) and calm.filter(record("message 1 failed after 2 s", name="b"))
    assert all(calm.filter(record("done", level=logging.INFO)) for _ in range(50))


def test_pages_that_fail_in_different_ways_are_all_told() -> None:
    calm = Calm()
    for page in ("/jobs/", "/models/", "/about/"):
        assert calm.filter(record("%s: %s", "Internal Server Error", page, level=logging.ERROR))


def test_after_a_minute_it_says_how_many_there_were(monkeypatch: pytest.MonkeyPatch) -> None:
    calm, now = Calm(), [0.0]
    monkeypatch.setattr(logs.time, "monotonic", lambda: now[0])
    for _ in range(25):
        calm.filter(record("no Redis"))
    now[0] = 61.0
    last = record("no Redis")
    assert calm.filter(last)
    assert last.getMessage() == "no Redis (20 more like it before)"
    assert sum(calm.filter(record("no Redis")) for _ in range(25)) == Calm.FEW - 1


def test_its_memory_is_bounded() -> None:
    calm = Calm()
    for number in range(5000):
        calm.filter(record("x" * (number % 290) + chr(0x4E00 + number)))
    assert len(calm._said) <= Calm._MOST_KINDS
