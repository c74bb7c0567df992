"""Few predictions at once, some waiting, the rest refused."""

import threading
from typing import Any

import pytest

from modelstore.prediction import gate
from modelstore.prediction.gate import Busy, Gate


def test_one_at_a_time_passes_again_and_again() -> None:
    one = Gate(at_once=1, waiting=0)
    for _ in range(3):
        with one.turn():
            pass


def test_whoever_finds_no_place_is_refused_with_a_time_to_come_back() -> None:
    one = Gate(at_once=1, waiting=0)
    with one.turn(), pytest.raises(Busy) as refusal, one.turn():
        pass
    assert (refusal.value.status, refusal.value.retry_after) == (503, 1)


def test_a_failure_inside_gives_the_turn_back() -> None:
    one = Gate(at_once=1, waiting=0)
    with pytest.raises(ValueError, match="inside"), one.turn():
        raise ValueError("inside")
    with one.turn():
        pass


def test_those_who_wait_get_their_turn_and_never_more_than_allowed_are_inside() -> None:
    two = Gate(at_once=2, waiting=6)
    inside, most, start, lock = 0, 0, threading.Barrier(8), threading.Lock()

    def work() -> None:
        nonlocal inside, most
        start.wait()
        for _ in range(20):
            with two.turn():
                with lock:
                    inside += 1
                    most = max(most, inside)
                with lock:
                    inside -= 1

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (inside, most <= 2) == (0, True)


@pytest.mark.django_db
def test_a_busy_process_answers_503_to_programs(
    client: Any, publish: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = publish("text")
    full = Gate(at_once=1, waiting=0)
    monkeypatch.setattr(gate, "predictions", lambda: full)
    url, body = f"/api/v1/models/{model.token}/predict/", {"inputs": ["hello"]}
    with full.turn():
        answer = client.post(url, body, content_type="application/json")
    assert (answer.status_code, answer["Retry-After"], answer.json()["code"]) == (503, "1", "busy")
    assert client.post(url, body, content_type="application/json").status_code == 200
