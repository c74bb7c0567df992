"""Utterances with their intent: LUIS, CLU, Rasa's JSON, Wit.ai, Snips and others."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from jobs.kinds.sentences.formats.annotations.contract import Annotation, Example, Names
from jobs.kinds.sentences.formats.annotations.fields import mostly
from jobs.kinds.sentences.formats.splits import split_named

_TEXTS = ("text", "utterance", "query", "example", "sentence", "phrase", "message", "data")
_INTENTS = ("intent", "intentName", "intent_name")
_NAMES = ("name", "intent", "value", "displayName")
_SPLITS = ("dataset", "split")
_PIECES = ("text", "value")


def find_utterances(sample: Sequence[Any], labelled: bool) -> Annotation | None:
    """See `Recogniser`."""
    if not mostly(sample, _is_utterance):
        return None
    items = [item for item in sample if _is_utterance(item)]
    named = next((key for key in _SPLITS if mostly(items, partial(_has_split, key))), "")
    return _Utterances(Names(label="intent", split="split" if named else ""), named)


@dataclass(frozen=True, slots=True)
class _Utterances:
    names: Names
    part: str
    said: str = "These are utterances of a chatbot: the intent of each is its label."
    unit: str = "Item"

    def examples(self, item: Any) -> Iterable[Example]:
        if not isinstance(item, dict):
            yield Example(text=None, reason="it is not an utterance")
            return
        text = next((found for key in _TEXTS if (found := plain_text(item.get(key))) is not None), None)
        intent = next((item[key] for key in _INTENTS if item.get(key) is not None), None)
        if isinstance(intent, dict):
            intent = next((intent[name] for name in _NAMES if name in intent), None)
        yield Example(
            text=text,
            labels=intent if isinstance(intent, list) else [intent],
            split=str(item.get(self.part, "")),
        )


def plain_text(value: Any) -> str | None:
    """The text of an utterance that may be cut into pieces, some of them marked as entities."""
    if isinstance(value, str):
        return value
    if isinstance(value, dict):
        for name in ("parts", "data", *_PIECES):
            if name in value:
                return plain_text(value[name])
        return None
    if isinstance(value, list) and value and all(isinstance(piece, dict) for piece in value):
        pieces = [next((piece[name] for name in _PIECES if name in piece), "") for piece in value]
        return "".join(map(str, pieces))
    return None


def _has_split(key: str, item: Any) -> bool:
    return bool(split_named(str(item.get(key))))


def _is_utterance(item: Any) -> bool:
    return (
        isinstance(item, dict)
        and any(key in item for key in _INTENTS)
        and any(plain_text(item.get(key)) is not None for key in _TEXTS)
    )
