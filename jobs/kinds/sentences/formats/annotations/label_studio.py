"""Label Studio: the JSON export of tasks, and JSON-MIN, one flat record per annotation."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from jobs.kinds.sentences.formats.annotations.contract import Annotation, Example, Names
from jobs.kinds.sentences.formats.annotations.fields import agreed, mostly, refuse_spans, texts_of
from jobs.uploads.errors import listed

ADMIN = frozenset(
    (
        "id",
        "annotator",
        "annotation_id",
        "created_at",
        "updated_at",
        "lead_time",
        "agreement",
        "reviews",
        "drafts",
    )
)
_SPANS = ("labels", "hypertextlabels", "paragraphlabels")
_PLAIN = ("choices", "taxonomy", "rating", "number", "pairwise")
_HUMAN = "the choice of the annotator is the label (of several annotators: that of most)"


def find_label_studio(sample: Sequence[Any], labelled: bool) -> Annotation | None:
    """See `Recogniser`."""
    if mostly(sample, _is_task):
        tasks = [item for item in sample if _is_task(item)]
        controls = _controls(tasks)
        if labelled and not controls and _has_spans(tasks):
            raise refuse_spans("Label Studio export")
        return _Tasks.of(tasks, controls)
    if mostly(sample, lambda item: isinstance(item, dict) and {"annotation_id", "lead_time"} <= item.keys()):
        return _Minimal.of([item for item in sample if isinstance(item, dict)])
    return None


@dataclass(frozen=True, slots=True)
class _Tasks:
    names: Names
    said: str
    text: str
    control: str
    unit: str = "Task"

    @classmethod
    def of(cls, tasks: Sequence[Mapping[str, Any]], controls: Counter[str]) -> "_Tasks":
        data = [task["data"] for task in tasks]
        fields = texts_of(data) or ["text"]
        told = _told_text(tasks)
        text = told if told in fields else fields[0]
        control = controls.most_common(1)[0][0] if controls else ""
        others = [name for name in controls if name != control]
        more = [name for name in (*fields, *others) if name != text]
        rest = f" Other questions were not used: {listed(others)}." if others else ""
        said = (
            f'This is a Label Studio export: "{text}" is the text, {_HUMAN}; '
            f"predictions of a machine do not count.{rest}"
        )
        label = control if control and control not in (text, *more) else "label"
        return cls(Names(text=text, label=label, more=tuple(dict.fromkeys(more))), said, text, control)

    def examples(self, item: Any) -> Iterable[Example]:
        if not _is_task(item):
            yield Example(text=None, reason="it is not a task of Label Studio")
            return
        answers = [one for one in _annotations(item) if not one.get("was_cancelled")]
        truth = [one for one in answers if one.get("ground_truth")] or answers
        given = [labels for one in truth if (labels := _labels(one, self.control))]
        reason = "" if given else _why_none(item, answers)
        others = {name: agreed([_labels(one, name) for one in truth]) for name in self.names.more}
        more = {**{name: value for name, value in others.items() if value}, **item["data"]}
        yield Example(text=item["data"].get(self.text), labels=agreed(given), reason=reason, more=more)


@dataclass(frozen=True, slots=True)
class _Minimal:
    names: Names
    said: str
    unit: str = "Item"

    @classmethod
    def of(cls, records: Sequence[Mapping[str, Any]]) -> "_Minimal":
        text, label, others = minimal_columns(records)
        names = Names(text=text, label=label, more=tuple(others))
        return cls(names, f'This is a Label Studio export: "{text}" is the text, "{label}" the label.')

    def examples(self, item: Any) -> Iterable[Example]:
        if isinstance(item, dict):
            yield Example(
                text=item.get(self.names.text), labels=_minimal_labels(item.get(self.names.label)), more=item
            )
        else:
            yield Example(text=None, reason="it is not a record of Label Studio")


def minimal_columns(records: Sequence[Mapping[str, Any]]) -> tuple[str, str, list[str]]:
    """Text, label and the other fields of the flat export."""
    fields = [
        name for name in dict.fromkeys(key for record in records for key in record) if name not in ADMIN
    ]
    values = {name: [record[name] for record in records if record.get(name)] for name in fields}

    def rank(name: str) -> tuple[bool, float]:
        found = [str(_minimal_labels(value)) for value in values[name]]
        return not found, len(set(found)) / max(1, len(found))

    choices = [name for name in fields if any(isinstance(v, (dict, list)) for v in values[name])]
    text = next(iter(texts_of(records, [*ADMIN, *choices])), "text")
    rest = [name for name in fields if name != text]
    label = min([name for name in rest if name in choices] or rest, key=rank, default="label")
    return text, label, [name for name in rest if name != label]


def _minimal_labels(value: Any) -> Sequence[Any]:
    if isinstance(value, dict):
        value = next((value[kind] for kind in _PLAIN if kind in value), None)
    return value if isinstance(value, list) else [] if value is None else [value]


def _is_task(item: Any) -> bool:
    return (
        isinstance(item, dict)
        and isinstance(item.get("data"), dict)
        and ("annotations" in item or "completions" in item or "predictions" in item)
    )


def _annotations(task: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    found = task.get("annotations") or task.get("completions") or []
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _results(annotation: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    found = annotation.get("result")
    for result in found if isinstance(found, list) else []:
        if isinstance(result, dict) and isinstance(result.get("value"), dict):
            yield result


def _labels(annotation: Mapping[str, Any], control: str) -> list[Any]:
    labels: list[Any] = []
    for result in _results(annotation):
        if str(result.get("from_name", "")) == control:
            found = _minimal_labels(result["value"])
            # A taxonomy gives paths; the last of each is what was chosen.
            labels += [one[-1] if isinstance(one, list) and one else one for one in found]
    return labels


def _controls(tasks: Sequence[Mapping[str, Any]]) -> Counter[str]:
    return Counter(
        str(result.get("from_name", ""))
        for task in tasks
        for annotation in _annotations(task)
        for result in _results(annotation)
        if any(kind in result["value"] for kind in _PLAIN)
    )


def _told_text(tasks: Sequence[Mapping[str, Any]]) -> str:
    names = Counter(
        str(result.get("to_name")) for task in tasks for one in _annotations(task) for result in _results(one)
    )
    return names.most_common(1)[0][0] if names else ""


def _has_spans(tasks: Sequence[Mapping[str, Any]]) -> bool:
    return any(
        kind in result["value"]
        for task in tasks
        for one in _annotations(task)
        for result in _results(one)
        for kind in _SPANS
    )


def _why_none(task: Mapping[str, Any], answers: Sequence[Any]) -> str:
    if not _annotations(task):
        return "it has only a machine's prediction" if task.get("predictions") else "it has not been labelled"
    return "it has no label" if answers else "its annotation was cancelled"
