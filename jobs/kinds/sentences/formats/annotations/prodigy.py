"""Prodigy: records with an answer (accept, reject, ignore) to a suggested label, or to a choice."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from jobs.kinds.sentences.formats.annotations.contract import PLAIN, Annotation, Example, Names
from jobs.kinds.sentences.formats.annotations.fields import mostly, refuse_spans

_MARKS = ("_input_hash", "_task_hash", "_view_id", "_session_id", "_annotator_id", "options")


def find_prodigy(sample: Sequence[Any], labelled: bool) -> Annotation | None:
    """See `Recogniser`."""
    if not mostly(sample, _is_answer):
        return None
    items = [item for item in sample if _is_answer(item)]
    if any("accept" in item for item in items):
        return _Choices()
    suggested = {str(item["label"]) for item in items if item.get("label") is not None}
    if labelled and not suggested and any("spans" in item for item in items):
        raise refuse_spans("Prodigy dataset")
    refused = any(item["answer"] == "reject" for item in items)
    return _Suggestions(suggested.pop() if len(suggested) == 1 and refused else "")


@dataclass(frozen=True, slots=True)
class _Choices:
    said: str = 'This is a Prodigy dataset: the option in "accept" is the label, where the answer is accept.'
    unit: str = "Line"
    names: Names = PLAIN

    def examples(self, item: Any) -> Iterable[Example]:
        if not _is_answer(item):
            yield Example(text=None, reason="it has no answer")
            return
        chosen = item.get("accept")
        names = _option_names(item.get("options"))
        labels = [names.get(str(one), one) for one in chosen] if isinstance(chosen, list) else [chosen]
        yield Example(text=item.get("text"), labels=labels, reason=_passed_over(item["answer"]))


@dataclass(frozen=True, slots=True)
class _Suggestions:
    """`only` is the one label that was ever suggested: then a rejection is an answer, too."""

    only: str = ""
    unit: str = "Line"
    names: Names = PLAIN

    @property
    def said(self) -> str:
        if self.only:
            return f'This is a Prodigy dataset on "{self.only}" alone: rejected texts got the label "not {self.only}".'
        return (
            "This is a Prodigy dataset: a suggested label counts where the answer is accept; texts with the answer "
            "reject or ignore were left out, as their label is not known."
        )

    def examples(self, item: Any) -> Iterable[Example]:
        if not _is_answer(item):
            yield Example(text=None, reason="it has no answer")
            return
        label, answer = item.get("label"), item["answer"]
        if self.only and answer == "reject":
            yield Example(text=item.get("text"), labels=[f"not {self.only}"])
        else:
            labels = label if isinstance(label, list) else [label]
            yield Example(text=item.get("text"), labels=labels, reason=_passed_over(answer))


def _is_answer(item: Any) -> bool:
    return (
        isinstance(item, dict)
        and item.get("answer") in ("accept", "reject", "ignore")
        and any(mark in item for mark in _MARKS)
    )


def _passed_over(answer: str) -> str:
    return "" if answer == "accept" else f'its "answer" is {answer}'


def _option_names(options: Any) -> dict[str, Any]:
    """The words of options whose ids are bare numbers."""
    if not isinstance(options, list):
        return {}
    return {
        str(option["id"]): option["text"]
        for option in options
        if isinstance(option, dict) and option.get("text") and str(option.get("id")).isdecimal()
    }
