"""As many rows as wanted: runs of words out of a set's own texts, mixed so that a class shows but is never sure."""

import csv
import random
from collections import defaultdict
from pathlib import Path

_WORDS, _LONGEST_RUN = 22, 4
# How many runs are of the row's own class, and how many rows hold a word that no other has.
_OWN, _RARE = 0.6, 0.3


def write_rows(source: Path, target: Path, count: int, seed: int) -> None:
    """A table (input, label) of `count` rows made of the texts of `source`, a table as well."""
    chance = random.Random(seed)
    words: defaultdict[str, list[str]] = defaultdict(list)
    with source.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            words[row["label"]] += row["input"].split()
    labels = sorted(words)
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(["input", "label"])
        for _ in range(count):
            label = chance.choice(labels)
            table.writerow([_text(words, labels, label, chance), label])


def _text(words: dict[str, list[str]], labels: list[str], label: str, chance: random.Random) -> str:
    found: list[str] = []
    while len(found) < _WORDS:
        source = words[label if chance.random() < _OWN else chance.choice(labels)]
        at = chance.randrange(len(source) - _LONGEST_RUN)
        found += source[at : at + chance.randint(1, _LONGEST_RUN)]
    if chance.random() < _RARE:
        found.append(f"id{chance.randrange(1_000_000)}")
    return " ".join(found)
