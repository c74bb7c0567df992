"""The results on disk while it runs: JSON Lines, so that a later attempt goes on."""

import json
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from training.targets.many_labels import BETWEEN, NONE

_FIRST, _GLANCE = 100, 400


class Results:
    """Appends results to `path` and counts them; begins with what an earlier attempt left there."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.done = self.bad = 0
        self.counts: Counter[str] = Counter()
        self.first: list[dict[str, Any]] = []
        _cut_unfinished_line(path)
        for result in read(path):
            self._count(result)
        self._file = path.open("a", encoding="utf-8")

    def add(self, results: Sequence[dict[str, Any]]) -> None:
        """Writes some results, whole or, after a death, without the last line."""
        for result in results:
            self._count(result)
            self._file.write(json.dumps(result, ensure_ascii=False) + "\n")
        self._file.flush()

    def close(self) -> None:
        """Makes sure that all of it is on the disk."""
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()

    def _count(self, result: dict[str, Any]) -> None:
        self.done += 1
        if "error" in result:
            self.bad += 1
        else:
            self.counts.update(labels_of(result))
        if len(self.first) < _FIRST:
            self.first.append({**result, "text": result["text"][:_GLANCE]} if "text" in result else result)


def labels_of(result: dict[str, Any]) -> list[str]:
    """What was answered: one label, or any number of them."""
    if "labels" in result:
        return [one["label"] for one in result["labels"]]
    return [result["label"]] if "label" in result else []


def words_of(result: dict[str, Any]) -> str:
    """The same as a person reads it."""
    return BETWEEN.join(labels_of(result)) or NONE


def read(path: Path) -> Iterator[dict[str, Any]]:
    """Every result of a file, one at a time."""
    if path.exists():
        with path.open(encoding="utf-8") as file:
            for line in file:
                yield json.loads(line)


def _cut_unfinished_line(path: Path) -> None:
    """Takes away the piece of a line that a killed process left at the end."""
    if not path.exists():
        return
    with path.open("rb+") as file:
        end = file.seek(0, os.SEEK_END)
        while end > 0:
            start = max(0, end - 64 * 1024)
            file.seek(start)
            at = file.read(end - start).rfind(b"\n")
            if at >= 0:
                file.truncate(start + at + 1)
                return
            end = start
        file.truncate(0)
