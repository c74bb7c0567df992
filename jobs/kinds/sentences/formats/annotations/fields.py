"""Fields of records: which of them is the text, which answer several people agree on."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from jobs.kinds.sentences.columns.names import input_rank
from jobs.uploads.errors import UploadRefused

_MOST = 0.6
_ENOUGH = 20


def mostly(sample: Sequence[Any], test: Callable[[Any], object]) -> bool:
    """Whether most of the records pass a test."""
    return bool(sample) and sum(1 for item in sample if test(item)) > _MOST * len(sample)


def texts_of(records: Iterable[Mapping[str, Any]], without: Iterable[str] = ()) -> list[str]:
    """The names of the fields that hold text, the likeliest first: by name, then by length."""
    length: Counter[str] = Counter()
    count = 0
    for record in records:
        count += 1
        for name, value in record.items():
            if isinstance(value, str):
                length[name] += len(value)
    for name in without:
        del length[name]

    def rank(name: str) -> tuple[bool, float]:
        return length[name] < _ENOUGH * count and input_rank(name) is None, -length[name]

    return sorted(length, key=rank)


def agreed(answers: Sequence[Sequence[Any]]) -> Sequence[Any]:
    """The answer that most people gave; the last of them where as many say something else."""
    if len(answers) < 2:
        return answers[0] if answers else ()
    votes = Counter(tuple(sorted(map(str, answer))) for answer in answers)
    most = max(votes.values())
    return next(answer for answer in reversed(answers) if votes[tuple(sorted(map(str, answer)))] == most)


def refuse_spans(tool: str) -> UploadRefused:
    """The refusal of data that marks words in texts."""
    return UploadRefused(
        f"This {tool} marks words inside the texts (spans, named entities); it gives no label to a whole text. "
        "Flash learns one label for each text: label whole texts with classes, and export again.",
        status=422,
        code="spans_not_labels",
    )
