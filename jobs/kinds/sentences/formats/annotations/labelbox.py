"""Labelbox: data rows with the answers that people gave in its projects."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from jobs.kinds.sentences.formats.annotations.contract import Annotation, Example, Names
from jobs.kinds.sentences.formats.annotations.fields import agreed, mostly, refuse_spans


def find_labelbox(sample: Sequence[Any], labelled: bool) -> Annotation | None:
    """See `Recogniser`."""
    if not mostly(sample, _is_row):
        return None
    rows = [item for item in sample if _is_row(item)]
    questions = Counter(name for row in rows for answers in _people(row) for name, _ in answers)
    if labelled and not questions and any(_objects(row) for row in rows):
        raise refuse_spans("Labelbox export")
    question = questions.most_common(1)[0][0] if questions else "label"
    return _Rows(Names(label=question if question != "text" else "label"), question)


@dataclass(frozen=True, slots=True)
class _Rows:
    names: Names
    question: str
    unit: str = "Line"

    @property
    def said(self) -> str:
        return (
            f'This is a Labelbox export: the data of each row is the text, the answer to "{self.question}" the label '
            "(of several people: that of most)."
        )

    def examples(self, item: Any) -> Iterable[Example]:
        if not _is_row(item):
            yield Example(text=None, reason="it is not a row of Labelbox")
            return
        given = [
            labels for answers in _people(item) if (labels := [a for q, a in answers if q == self.question])
        ]
        yield Example(
            text=item["data_row"]["row_data"],
            labels=agreed(given),
            reason="" if given else "it has not been labelled",
        )


def _is_row(item: Any) -> bool:
    row = item.get("data_row") if isinstance(item, dict) else None
    return isinstance(row, dict) and "row_data" in row and isinstance(item.get("projects"), dict)


def _labels(row: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for project in row["projects"].values():
        for label in _dicts(project.get("labels") if isinstance(project, dict) else None):
            annotations = label.get("annotations")
            if isinstance(annotations, dict):
                yield annotations


def _people(row: Mapping[str, Any]) -> Iterator[list[tuple[str, Any]]]:
    """(question, answer) pairs of each person."""
    for annotations in _labels(row):
        answers: list[tuple[str, Any]] = []
        for question in _dicts(annotations.get("classifications")):
            chosen = [question.get("radio_answer"), *_dicts(question.get("checklist_answers"))]
            name = str(question.get("name", "label"))
            answers += [
                (name, one.get("name") or one.get("value")) for one in chosen if isinstance(one, dict)
            ]
        if answers:
            yield answers


def _objects(row: Mapping[str, Any]) -> bool:
    return any(annotations.get("objects") for annotations in _labels(row))


def _dicts(value: Any) -> list[Mapping[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
