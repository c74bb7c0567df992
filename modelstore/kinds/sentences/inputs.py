"""Sentences to predict, see `modelstore.prediction.contract`."""

from collections.abc import Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

from modelstore.prediction.inputs import InputsInvalid, InputTooLarge, refused, type_words
from training.ground.limits import Limits

JSON_SCHEMA = MappingProxyType(
    {
        "type": "string",
        "description": "A sentence.",
        "examples": ["How far is it from Denver to Aspen?"],
    }
)
COST = ("characters", "max_characters_per_request")
FILES = ""
FILES_HELP = ""
NO_FILES = 'This model classifies sentences: send JSON like {"inputs": ["a sentence"]}.'


def check_json(value: Any, index: int) -> None:
    """A string each."""
    if not isinstance(value, str):
        sentence = f"is {type_words(value)}; this model takes sentences, as strings."
        raise refused(InputsInvalid, index, sentence)


def from_json(value: str, index: int, limits: Limits) -> str:
    """As it is."""
    return value


def cost(value: str) -> int:
    """Characters."""
    return len(value)


def max_file_bytes(limits: Limits) -> int:
    """No files are taken."""
    return 0


def from_arguments(arguments: Sequence[str]) -> tuple[list[str], list[Any]]:
    """Sentences, or files with one sentence a line."""
    sentences: list[str] = []
    for argument in arguments:
        sentences += _lines(argument) or [argument]
    return sentences, list(sentences)


def _lines(argument: str) -> list[str]:
    try:
        if not Path(argument).is_file():
            return []
        text = Path(argument).read_text("utf-8")
    except UnicodeDecodeError as error:
        raise InputsInvalid(f"{argument} is not UTF-8 text.") from error
    except (OSError, ValueError):  # a sentence makes no path: too long, or with a NUL
        return []
    return [line for line in text.splitlines() if line.strip()]


def check(value: Any, index: int, name: str, limits: Limits) -> None:
    """Not empty, not too long, and whole characters."""
    if not isinstance(value, str):
        raise refused(InputsInvalid, index, "is a file, but this model classifies sentences.", name)
    if not value.strip():
        raise refused(InputsInvalid, index, "is empty: write a sentence.", name)
    if len(value) > limits.max_sentence_chars:
        most = limits.max_sentence_chars
        raise refused(InputTooLarge, index, f"has {len(value):,} characters; {most:,} are allowed.", name)
    if "\0" in value:
        raise refused(InputsInvalid, index, "contains NUL characters; remove them.", name)
    if not value.isascii() and any("\ud800" <= character <= "\udfff" for character in value):
        raise refused(InputsInvalid, index, "holds half of a character (a lone surrogate); remove it.", name)
