"""What the web counts of predictions, for Prometheus; the processes write to files that one scrape adds up."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache, lru_cache

from prometheus_client import Counter, Gauge, Histogram

from modelstore.ground.errors import FlashError

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)

# The number of the model's row stands for it: its token is a key.
PREDICTIONS = Counter("flash_predictions", "Calls of a model, by outcome.", ["model", "outcome"])
INPUTS = Counter("flash_prediction_inputs", "Pictures and sentences classified.", ["task"])
SECONDS = Histogram("flash_prediction_seconds", "One call, waiting included.", ["task"], buckets=_SECONDS)
WAITING = Gauge("flash_predictions_waiting", "Calls that wait for their turn.", multiprocess_mode="livesum")
CACHE = Counter("flash_model_cache", "Looks for a loaded model: hit or load.", ["result"])
LOAD_SECONDS = Histogram("flash_model_load_seconds", "Loading a model into memory.", buckets=_SECONDS)
CACHE_BYTES = Gauge(
    "flash_model_cache_bytes", "Estimated size of loaded models.", multiprocess_mode="livesum"
)


@contextmanager
def prediction(*, model: int, task: str, inputs: int) -> Iterator[None]:
    """Counts one call of a model, by the code of its refusal where there is one."""
    started, outcome = time.perf_counter(), "error"
    try:
        yield
        outcome = "ok"
        _inputs(task).inc(inputs)
    except FlashError as error:
        outcome = error.code
        raise
    finally:
        _predictions(model, outcome).inc()
        _seconds(task).observe(time.perf_counter() - started)


# Finding the counter of some labels takes as long as counting.
@cache
def _inputs(task: str) -> Counter:
    return INPUTS.labels(task)


@cache
def _seconds(task: str) -> Histogram:
    return SECONDS.labels(task)


@lru_cache(maxsize=1024)
def _predictions(model: int, outcome: str) -> Counter:
    return PREDICTIONS.labels(str(model), outcome)


@cache
def looked(result: str) -> Counter:
    """Counts looks into the cache of loaded models: "hit" or "load"."""
    return CACHE.labels(result)
