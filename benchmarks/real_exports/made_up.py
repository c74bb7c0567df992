"""Made-up data that the tools write, and the list of what is right; needs nothing but the standard library."""

import json
import random
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

_SUBJECTS = {
    "billing": ("invoice", "refund", "card", "receipt", "payment", "VAT number"),
    "delivery": ("parcel", "courier", "tracking code", "doorstep", "shipment", "box"),
    "login": ("password", "two-factor code", "account", "reset e-mail", "username", "sign-in page"),
}
_FORMS = (
    "My {} is missing since {}, please help",
    'The page says "{}" is wrong on {}',
    "Where is the {} that I asked for on {}?",
    "I need another {}; the old one (from {}) does not work",
    "Für {} gab es am {} keine Antwort",
    "{} failed twice.\nIt was {}",
)
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
CLASSES = tuple(_SUBJECTS)


def rows(count: int = 120, *, seed: int = 1, line_ends: bool = True) -> list[tuple[str, str]]:
    """(text, label) of messages to a shop, with commas, quotes and letters beyond ASCII; all texts differ."""
    dice = random.Random(seed)
    forms = _FORMS if line_ends else _FORMS[:-1]
    made = []
    for number in range(count):
        label = CLASSES[number % len(CLASSES)]
        text = dice.choice(forms).format(dice.choice(_SUBJECTS[label]), dice.choice(_DAYS))
        made.append((f"{text}, order {1000 + number}", label))
    return made


class Expected:
    """What is right for each file of `folder`, written to expected.jsonl beside them."""

    def __init__(self, folder: Path, tool: str) -> None:
        self.folder = folder
        self._tool = tool
        self._list = (folder / "expected.jsonl").open("a", encoding="utf-8")

    def table(self, name: str, made: list[tuple[str, str]], **more: Any) -> Path:
        """A file of sentences with these rows; the caller writes it to the path that is returned.

        `splits` counts given parts; `or_refused` are words of a refusal that is as good.
        """
        return self._add(name, "sentences", dict(Counter(label for _, label in made)), {"rows": made, **more})

    def pictures(self, name: str, counts: dict[str, int], **more: Any) -> Path:
        """A zip of pictures with so many of each class."""
        return self._add(name, "pictures", counts, more)

    def sets(self, name: str, labels: Iterable[Iterable[str]]) -> Path:
        """A file of sentences with any number of labels each."""
        return self._add(name, "sentences", dict(Counter(label for some in labels for label in some)), {})

    def refused(self, name: str, kind: str, words: str) -> Path:
        """A file that cannot be read as such: the refusal must match `words`."""
        return self._add(name, kind, {}, {"refused": words})

    def _add(self, name: str, kind: str, counts: dict[str, int], more: dict[str, Any]) -> Path:
        line = {"tool": self._tool, "file": name, "kind": kind, "counts": counts, **more}
        self._list.write(json.dumps(line, ensure_ascii=False) + "\n")
        self._list.flush()
        return self.folder / name
