"""Labels of numbered samples, and changes of them, as arrays: nothing here knows rows or files.

A label is a place in a list of words; -1 means that a sample is not there. NumPy is imported when it is needed: the web
starts without.
"""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

    Integers = np.ndarray[tuple[int], np.dtype[np.int32]]

ABSENT = -1


class Words:
    """A list of words that grows, and where each stands."""

    def __init__(self, words: Iterable[str] = ()) -> None:
        self.list = list(words)
        self._places = {word: place for place, word in enumerate(self.list)}

    def place(self, word: str) -> int:
        if word not in self._places:
            self._places[word] = len(self.list)
            self.list.append(word)
        return self._places[word]

    def translated(self, codes: "Integers", words: Sequence[str]) -> "Integers":
        """Codes of other words as codes of these."""
        import numpy as np

        # The last one is where -1 points.
        table = np.array([*(self.place(word) for word in words), ABSENT], dtype=np.int32)
        return table[codes]


@dataclass(frozen=True, slots=True)
class Labels:
    """The label of each sample by its number."""

    codes: "Integers"
    words: list[str]

    @classmethod
    def none(cls, count: int) -> "Labels":
        import numpy as np

        return cls(np.full(count, ABSENT, dtype=np.int32), [])

    def numbers(self) -> "Integers":
        """The numbers of the samples that are there, rising."""
        import numpy as np

        return np.flatnonzero(self.codes >= 0).astype(np.int32)

    def grown(self, count: int) -> "Labels":
        """With room for the numbers below `count`."""
        import numpy as np

        missing = count - len(self.codes)
        if missing <= 0:
            return self
        more = np.full(missing, ABSENT, dtype=np.int32)
        return Labels(np.concatenate([self.codes, more]), self.words)

    def after(self, changes: Iterable["Change"]) -> "Labels":
        """With these changes made, in their order."""
        codes, words = self.codes.copy(), Words(self.words)
        for change in changes:
            codes[change.numbers] = words.translated(change.after, change.words)
        return Labels(codes, words.list)

    def without(self, numbers: Sequence[int]) -> "Labels":
        """Without the samples of these numbers."""
        if not numbers:
            return self
        codes = self.codes.copy()
        codes[[number for number in numbers if number < len(codes)]] = ABSENT
        return Labels(codes, self.words)


@dataclass(frozen=True, slots=True)
class Change:
    """Numbers, rising, each with its label before and after; none of them is the same."""

    numbers: "Integers"
    before: "Integers"
    after: "Integers"
    words: list[str]

    def __len__(self) -> int:
        return len(self.numbers)

    def inverse(self) -> "Change":
        """What takes it back."""
        return Change(self.numbers, self.after, self.before, self.words)

    def without(self, numbers: Sequence[int]) -> "Change":
        """Without the samples of these numbers."""
        if not numbers:
            return self
        import numpy as np

        kept = ~np.isin(self.numbers, np.array(numbers, dtype=np.int32))
        return Change(self.numbers[kept], self.before[kept], self.after[kept], self.words)

    def added(self) -> "Integers":
        return self.numbers[self.before < 0]

    def removed(self) -> "Integers":
        return self.numbers[self.after < 0]

    def relabelled(self) -> "Integers":
        return self.numbers[(self.before >= 0) & (self.after >= 0)]

    def by_class(self, *, many: bool) -> dict[str, list[int]]:
        """Of each class that changes: how many samples came to it, and how many it lost; see `counted`."""
        came, went = (counted(codes, self.words, many=many) for codes in (self.after, self.before))
        return {label: [came[label], went[label]] for label in sorted(came | went)}


def change_to(before: Labels, numbers: "Integers", after: "Integers", words: Sequence[str]) -> Change:
    """The change that gives `numbers`, rising and within `before`, other labels; what stays as it is, is left out."""
    known = Words(before.words)
    new = known.translated(after, words)
    old = before.codes[numbers]
    kept = old != new
    return Change(numbers[kept], old[kept], new[kept], known.list)


def composed(changes: Sequence[Change], count: int) -> Change:
    """Several changes as one, of numbers below `count`; what comes back to where it was, is left out."""
    import numpy as np

    words = Words()
    translated = [
        (
            change.numbers,
            words.translated(change.before, change.words),
            words.translated(change.after, change.words),
        )
        for change in changes
    ]
    before = np.full(count, ABSENT, dtype=np.int32)
    after, touched = before.copy(), np.zeros(count, dtype=bool)
    for numbers, _, new in translated:
        after[numbers], touched[numbers] = new, True
    for numbers, old, _ in reversed(translated):
        before[numbers] = old
    numbers = np.flatnonzero(touched & (before != after)).astype(np.int32)
    return Change(numbers, before[numbers], after[numbers], words.list)


def counted(codes: "Integers", words: Sequence[str], *, many: bool) -> Counter[str]:
    """How many samples have each label; with `many` a word is a JSON list and counts for each label in it."""
    import numpy as np

    there = codes[codes >= 0]
    found: Counter[str] = Counter()
    for place, count in enumerate(np.bincount(there, minlength=len(words)).tolist()):
        if count:
            for label in json.loads(words[place]) if many else (words[place],):
                found[label] += count
    return found
