"""The cache of loaded models: bounded, and each loaded once."""

import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelstore.prediction.memory_cache import MemoryCache


def test_it_loads_once_and_remembers() -> None:
    cache: MemoryCache[str] = MemoryCache(100)
    loads = [cache.get("a", lambda: ("value", 1)), cache.get("a", lambda: ("other", 1))]
    assert loads == ["value", "value"]


def test_what_all_have_in_common_counts_once() -> None:
    cache: MemoryCache[str] = MemoryCache(100, lambda: 40)
    for name in "abc":
        cache.get(name, lambda: ("value", 25))
    assert cache.used == 90
    assert cache.get("a", lambda: ("loaded again", 25)) == "loaded again"
    assert cache.get("c", lambda: ("loaded again", 25)) == "value"


def test_many_who_ask_at_once_wait_for_one_load() -> None:
    cache: MemoryCache[object] = MemoryCache(100)
    started, release, loads = threading.Event(), threading.Event(), []

    def load() -> tuple[object, int]:
        loads.append(1)
        started.set()
        assert release.wait(10)
        return object(), 1

    with ThreadPoolExecutor(16) as pool:
        waiting = [pool.submit(cache.get, "a", load) for _ in range(16)]
        assert started.wait(10)
        release.set()
        found = {id(future.result(10)) for future in waiting}
    assert (len(found), len(loads)) == (1, 1)


def test_different_things_load_side_by_side_and_a_load_stops_nobody_who_has_his() -> None:
    cache: MemoryCache[str] = MemoryCache(100)
    cache.get("there", lambda: ("there", 1))
    both = threading.Barrier(2, timeout=10)

    def load() -> tuple[str, int]:
        both.wait()
        return "loaded", 1

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(cache.get, "a", load)
        assert cache.get("there", load) == "there"
        assert cache.get("b", load) == first.result(10) == "loaded"


def test_loads_go_in_the_order_in_which_they_were_asked_for() -> None:
    cache: MemoryCache[str] = MemoryCache(100)
    busy, release, order = threading.Semaphore(0), [threading.Event(), threading.Event()], []

    def hold(event: threading.Event) -> tuple[str, int]:
        busy.release()
        assert event.wait(10)
        return "held", 1

    def load(name: str) -> tuple[str, int]:
        order.append(name)
        return name, 1

    with ThreadPoolExecutor(12) as pool:
        held = [pool.submit(cache.get, f"held {n}", partial(hold, release[n])) for n in range(2)]
        assert all(busy.acquire(timeout=10) for _ in held)
        waiting = []
        for place, name in enumerate("abcdefgh"):
            waiting.append(pool.submit(cache.get, name, partial(load, name)))
            while cache.loads_waiting <= place:
                assert not waiting[-1].done()
        release[0].set()
        assert [future.result(10) for future in waiting] == order == list("abcdefgh")
        release[1].set()


def test_a_failed_load_fails_for_all_who_wait_and_is_tried_again_later() -> None:
    cache: MemoryCache[str] = MemoryCache(100)
    started, release = threading.Event(), threading.Event()

    def fail() -> tuple[str, int]:
        started.set()
        assert release.wait(10)
        raise OSError("gone")

    with ThreadPoolExecutor(4) as pool:
        waiting = [pool.submit(cache.get, "a", fail) for _ in range(4)]
        assert started.wait(10)
        release.set()
        for future in waiting:
            with pytest.raises(OSError, match="gone"):
                future.result(10)
    assert cache.get("a", lambda: ("fine", 1)) == "fine"


def test_what_was_used_last_stays() -> None:
    cache: MemoryCache[str] = MemoryCache(2)
    for key in ("a", "b", "a", "c"):
        cache.get(key, lambda: ("first", 1))
    assert cache.get("a", lambda: ("again", 1)) == "first"
    assert cache.get("b", lambda: ("again", 1)) == "again"


def test_a_thing_larger_than_the_cache_is_kept_alone() -> None:
    cache: MemoryCache[str] = MemoryCache(10)
    cache.get("small", lambda: ("small", 1))
    assert cache.get("large", lambda: ("large", 100)) == "large"
    assert cache.get("large", lambda: ("again", 100)) == "large"
    assert cache.used == 100
    cache.get("small", lambda: ("small", 1))
    assert cache.used == 1


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 40)), max_size=60))
def test_it_never_keeps_more_than_its_bound(asked: list[tuple[int, int]]) -> None:
    cache: MemoryCache[int] = MemoryCache(50)
    for key, size in asked:
        assert cache.get(str(key), lambda key=key, size=size: (key, size)) == key
        assert cache.used <= 50


def test_it_forgets_when_told() -> None:
    cache: MemoryCache[str] = MemoryCache(10)
    cache.get("a", lambda: ("old", 1))
    cache.drop("a")
    cache.drop("a")
    assert cache.get("a", lambda: ("new", 1)) == "new"
