"""What is odd about pictures that are used all the same: one line each kind, with a count and an example."""

from collections import Counter
from collections.abc import Iterable

from jobs.uploads.findings import Notes

_WORDS = {
    "frames": "Animations or files of several pages: {count}. Only the first picture of each counts.",
    "cut": "Pictures whose last bytes are missing: {count}. They are used as they are.",
    "black": "Pictures that are nearly black all over: {count}. Look at them: is this what should be learnt?",
    "blank": "Pictures of one plain colour, with nothing in them: {count}. Look at them, and leave them out if "
    "they are mistakes.",
}
# Told as done, not as something to look at.
_DONE = frozenset({"frames", "cut"})


class Remarks:
    """Collects the remarks of verdicts, see `check.Verdict`."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._first: dict[str, str] = {}

    def add(self, source: str, remarks: Iterable[str]) -> None:
        """Of the picture that people know as `source`."""
        for remark in remarks:
            self._counts[remark] += 1
            self._first.setdefault(remark, source)

    def report(self, notes: Notes) -> None:
        """One note for each kind of remark; at the first picture that has it."""
        for remark, words in _WORDS.items():
            if count := self._counts[remark]:
                tell = notes.repair if remark in _DONE else notes.warn
                tell(self._first[remark], words.format(count=f"{count:,}"))
