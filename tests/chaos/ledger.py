"""What the site was asked for and what it promised; and every promise that it did not keep."""

import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from tests.chaos import samples
from tests.chaos.reference import Reference

T = TypeVar("T")
ENDED = ("deployed", "done", "failed", "cancelled")


@dataclass(eq=False, kw_only=True)
class Training:
    """One submission. `token` is empty until the site has answered it."""

    index: int
    task: str
    fields: dict[str, str]
    key: str
    data: bytes = b""
    token: str = ""
    status: str = ""
    error: str = ""
    has_model: bool = False
    deployed_since: float = 0.0
    cancel_asked: bool = False
    cancel_promised: bool = False
    gone_since: float = 0.0
    gone_for: str = ""
    reference: Reference | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def labels(self) -> tuple[str, ...]:
        return samples.labels(self.task, self.index)

    @property
    def is_live(self) -> bool:
        """Whether it has a model, as far as is known, that nobody has ended."""
        return bool(self.token) and (self.status == "deployed" or self.has_model) and not self.gone_for


@dataclass(eq=False, kw_only=True)
class Batch:
    """A file to predict with the model of `training`, and what it holds."""

    training: Training
    inputs: list[Any]
    key: str
    body: bytes
    token: str = ""
    status: str = ""
    cancel_promised: bool = False


class Ledger:
    """Shared by all threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.trainings: list[Training] = []
        self.batches: list[Batch] = []
        self.counts: Counter[str] = Counter()
        self.findings: dict[str, list[str]] = {"lost": [], "wrong": [], "orphans": []}

    def add(self, make: Callable[[int], Training]) -> Training:
        """Appends the training that `make` makes of its place."""
        with self._lock:
            training = make(len(self.trainings))
            self.trainings.append(training)
            return training

    def add_batch(self, batch: Batch) -> None:
        with self._lock:
            self.batches.append(batch)

    def count(self, what: str, number: int = 1) -> None:
        with self._lock:
            self.counts[what] += number

    def blame(self, kind: str, sentence: str) -> None:
        """`kind`: lost, wrong or orphans; the same sentence counts once."""
        with self._lock:
            if sentence not in self.findings[kind]:
                self.findings[kind].append(sentence)
                print(f"  {kind.upper()}: {sentence}", flush=True)

    def pick(self, number: int, among: list[T]) -> T | None:
        """One of `among`, by the number of the step; None of none."""
        return among[number % len(among)] if among else None

    def live(self) -> list[Training]:
        return [training for training in list(self.trainings) if training.is_live]

    def known(self) -> list[Training]:
        """Those that the site has answered."""
        return [training for training in list(self.trainings) if training.token]

    def unfinished(self) -> list[Training]:
        return [training for training in self.known() if training.status not in ENDED]
