"""Conversations as language models are tuned on them: the last answer is the label of what was asked before it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from jobs.kinds.sentences.formats.annotations.contract import PLAIN, Annotation, Example, Names
from jobs.kinds.sentences.formats.annotations.fields import mostly

_LISTS = ("messages", "conversations", "conversation", "contents", "dialog", "dialogue")
_ROLES, _WORDS = ("role", "from", "speaker"), ("content", "value", "parts", "text")
_PERSON, _MODEL = (
    frozenset(("user", "human", "person")),
    frozenset(("assistant", "gpt", "model", "bot", "ai")),
)


def find_chats(sample: Sequence[Any], labelled: bool) -> Annotation | None:
    """See `Recogniser`."""
    return _Chats() if mostly(sample, lambda item: _turns(item) is not None) else None


@dataclass(frozen=True, slots=True)
class _Chats:
    said: str = (
        "These are conversations with a model: the last message of the user is the text, the answer to it the label; "
        "instructions to the model do not count."
    )
    unit: str = "Item"
    names: Names = PLAIN

    def examples(self, item: Any) -> Iterable[Example]:
        turns = _turns(item)
        if turns is None:
            yield Example(text=None, reason="it is not a conversation of a user and a model")
            return
        asked = answer = ""
        for role, words in turns:
            if role in _PERSON:
                asked, answer = words, ""
            elif role in _MODEL:
                answer = words.strip()
        yield Example(text=asked, labels=[answer] if answer else [])


def _turns(item: Any) -> list[tuple[str, str]] | None:
    """(role, words) of each message; None where a user and a model do not take part."""
    lists = [item[key] for key in _LISTS if isinstance(item.get(key), list)] if isinstance(item, dict) else []
    given: list[Any] = lists[0] if lists else []
    turns = [(_role(one), _words(one)) for one in given if isinstance(one, dict)]
    return turns if any(role in _PERSON for role, _ in turns) and len(turns) == len(given) else None


def _role(message: Mapping[str, Any]) -> str:
    return next((str(message[key]).casefold() for key in _ROLES if key in message), "")


def _words(message: Mapping[str, Any]) -> str:
    found = next((message[key] for key in _WORDS if key in message), "")
    if isinstance(found, list):
        found = " ".join(
            str(part["text"]) if isinstance(part, dict) and "text" in part else "" for part in found
        )
    return found if isinstance(found, str) else ""
