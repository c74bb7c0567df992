"""Argilla: records with responses of people and suggestions of machines; what people said counts."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from jobs.kinds.sentences.formats.annotations.contract import Annotation, Example, Names
from jobs.kinds.sentences.formats.annotations.fields import agreed, mostly, texts_of

_RESPONSES, _SUGGESTION = ".responses", ".suggestion"


def find_argilla(sample: Sequence[Any], labelled: bool) -> Annotation | None:
    """See `Recogniser`."""
    if not mostly(sample, lambda item: _record(item) is not None):
        return None
    records = [record for item in sample if (record := _record(item))]
    texts = texts_of([record.fields for record in records])
    answered = Counter(name for record in records for name in record.responses)
    suggested = Counter(name for record in records for name in record.suggestions)
    questions = answered or suggested
    if not texts:
        return None
    question = questions.most_common(1)[0][0] if questions else "label"
    label = question if question != texts[0] else "label"
    names = Names(text=texts[0], label=label, more=tuple(name for name in texts[1:] if name != label))
    return _Records(names, question, machine=not answered and bool(suggested))


@dataclass(frozen=True, slots=True)
class _Record:
    fields: Mapping[str, Any]
    responses: Mapping[str, Sequence[Sequence[Any]]]
    suggestions: Mapping[str, Sequence[Any]]
    discarded: bool


@dataclass(frozen=True, slots=True)
class _Records:
    """`machine`: nobody answered anything, so the suggestions are all there is."""

    names: Names
    question: str
    machine: bool
    unit: str = "Record"

    @property
    def said(self) -> str:
        of = f'This is a dataset of Argilla: "{self.names.text}" is the text'
        if self.machine:
            return (
                f'{of}, the suggestion for "{self.question}" the label, as nobody has answered. Check them.'
            )
        return f'{of}, the response of people to "{self.question}" the label; suggestions of machines do not count.'

    def examples(self, item: Any) -> Iterable[Example]:
        record = _record(item)
        if record is None:
            yield Example(text=None, reason="it is not a record of Argilla")
            return
        answers = record.responses.get(self.question, ())
        suggestion = record.suggestions.get(self.question, ())
        labels = suggestion if self.machine else agreed(answers)
        reason = ""
        if record.discarded and not answers:
            reason = "it was discarded"
        elif not labels and suggestion:
            reason = "it has only a machine's suggestion"
        yield Example(
            text=record.fields.get(self.names.text), labels=labels, reason=reason, more=record.fields
        )


def _record(item: Any) -> _Record | None:
    if not isinstance(item, dict):
        return None
    if isinstance(item.get("fields"), dict) and ("responses" in item or "suggestions" in item):
        return _nested(item)
    if any(str(key).endswith(_RESPONSES) for key in item):
        return _flat(item)
    if {"prediction", "annotation"} <= item.keys() and ("status" in item or "inputs" in item):
        return _old(item)
    return None


def _nested(item: Mapping[str, Any]) -> _Record:
    """As its client writes JSON: by names of questions, or (before version 2) a list of responses of people."""
    responses: dict[str, list[Sequence[Any]]] = {}
    given = item.get("responses")
    if isinstance(given, dict):
        for name, answers in given.items():
            responses[name] = [
                _values(one) for one in answers or () if isinstance(one, dict) and _counts(one.get("status"))
            ]
    for one in given if isinstance(given, list) else ():
        if isinstance(one, dict) and _counts(one.get("status")):
            values = one.get("values")
            for name, value in values.items() if isinstance(values, dict) else ():
                responses.setdefault(name, []).append(_values(value))
    suggestions = item.get("suggestions")
    if isinstance(suggestions, list):
        found = {_question(one): _values(one) for one in suggestions if isinstance(one, dict)}
    else:
        found = (
            {name: _values(value) for name, value in suggestions.items()}
            if isinstance(suggestions, dict)
            else {}
        )
    kept = {name: [one for one in answers if one] for name, answers in responses.items()}
    return _Record(
        item["fields"], {n: a for n, a in kept.items() if a}, found, item.get("status") == "discarded"
    )


def _flat(item: Mapping[str, Any]) -> _Record:
    """As it writes to the Hugging Face Hub: columns such as label.responses and label.suggestion."""
    responses: dict[str, list[Sequence[Any]]] = {}
    for key, value in item.items():
        if key.endswith(_RESPONSES) and isinstance(value, list):
            status = item.get(f"{key}.status")
            states = status if isinstance(status, list) and len(status) == len(value) else [None] * len(value)
            found = [_values(one) for one, state in zip(value, states, strict=True) if _counts(state)]
            if any(found):
                responses[key.removesuffix(_RESPONSES)] = [one for one in found if one]
    suggestions = {
        key.removesuffix(_SUGGESTION): _values(value)
        for key, value in item.items()
        if key.endswith(_SUGGESTION) and value is not None
    }
    fields = {
        key: value
        for key, value in item.items()
        if _RESPONSES not in key and _SUGGESTION not in key and key not in ("id", "_server_id", "status")
    }
    return _Record(fields, responses, suggestions, item.get("status") == "discarded")


def _old(item: Mapping[str, Any]) -> _Record:
    """Records of text classification before version 2."""
    inputs = item.get("inputs")
    fields = inputs if isinstance(inputs, dict) else {"text": item.get("text")}
    annotation, prediction = _values(item.get("annotation")), item.get("prediction")
    best = prediction[0] if isinstance(prediction, list) and prediction else None
    guess = _values(best.get("label")) if isinstance(best, dict) else []
    discarded = str(item.get("status", "")).casefold() == "discarded"
    answers = {"label": [annotation]} if annotation and not discarded else {}
    return _Record(fields, answers, {"label": guess} if guess else {}, discarded)


def _counts(status: Any) -> bool:
    return status in (None, "submitted", "pending")


def _question(suggestion: Mapping[str, Any]) -> str:
    question = suggestion.get("question_name") or suggestion.get("question")
    return str(question.get("name") if isinstance(question, dict) else question)


def _values(value: Any) -> Sequence[Any]:
    if isinstance(value, dict):
        value = value.get("value")
    return value if isinstance(value, list) else [] if value is None else [value]
