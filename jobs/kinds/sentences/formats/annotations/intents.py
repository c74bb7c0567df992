"""Intents of chatbots with the lists of their texts: tag and patterns, intent and examples, ..."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from jobs.kinds.sentences.formats.annotations.contract import Annotation, Example, Names
from jobs.kinds.sentences.formats.annotations.fields import mostly
from jobs.kinds.sentences.formats.annotations.utterances import plain_text

_TAGS = (
    "tag", "intent", "intent_name", "intentName", "name", "displayName", "label", "class", "category", "topic", "title",
    "id",
)  # fmt: skip
_LISTS = (
    "patterns", "examples", "utterances", "samples", "sampleUtterances", "training_phrases", "trainingPhrases",
    "phrases", "queries", "userSays", "user_says", "expressions", "questions", "texts", "sentences", "training_data",
    "inputs",
)  # fmt: skip
_NAMES = Names(label="intent")


def find_intents(sample: Sequence[Any], labelled: bool) -> Annotation | None:
    """See `Recogniser`."""
    if not mostly(sample, lambda item: _keys(item) is not None):
        return None
    tag, texts = next(keys for item in sample if (keys := _keys(item)))
    return _Intents(f'These are intents of a chatbot: each of "{texts}" is a text, "{tag}" its label.')


@dataclass(frozen=True, slots=True)
class _Intents:
    said: str
    unit: str = "Example"
    names: Names = _NAMES

    def examples(self, item: Any) -> Iterable[Example]:
        keys = _keys(item)
        if keys is None:
            return
        tag, texts = keys
        for text in lines_of(item[texts]):
            yield Example(text=text, labels=[item[tag]])


def lines_of(value: Any) -> Iterable[str]:
    """The texts of a list, or of a block of lines with dashes."""
    if isinstance(value, str):
        for line in value.splitlines():
            bare = line.strip()
            if bare.startswith(("- ", "* ")):
                yield bare[2:].strip()
            elif bare:
                yield bare
        return
    for one in value if isinstance(value, list) else []:
        text = plain_text(one)
        if text:
            yield text


def _keys(item: Any) -> tuple[str, str] | None:
    if not isinstance(item, dict):
        return None
    tag = next((key for key in _TAGS if isinstance(item.get(key), (str, int)) and item[key] != ""), None)
    texts = next((key for key in _LISTS if isinstance(item.get(key), list)), None)
    return (tag, texts) if tag and texts else None
