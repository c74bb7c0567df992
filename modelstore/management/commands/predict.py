"""Predicts from the command line, with the same checks as the site."""

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from modelstore.access import get_model
from modelstore.errors import FlashError
from modelstore.models.trained_model import TaskType
from modelstore.predict_request import DEFAULT_TOP_K, MAX_TOP_K
from modelstore.predictor import Prediction, predict


class Command(BaseCommand):
    help = (
        "Classifies pictures (files) or sentences (in quotes, or files of one sentence a line) with a model."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("token")
        parser.add_argument("inputs", nargs="+", metavar="FILE_OR_TEXT")
        parser.add_argument("--json", action="store_true", help="Answer in JSON, one line per input.")
        parser.add_argument("--top-k", type=int, default=DEFAULT_TOP_K, help="How many labels per input.")

    def handle(self, *, token: str, inputs: list[str], json: bool, top_k: int, **options: Any) -> None:
        if not 1 <= top_k <= MAX_TOP_K:
            raise CommandError(f"--top-k must be from 1 to {MAX_TOP_K}.")
        try:
            model = get_model(token)
            pictures = model.task_type == TaskType.IMAGE
            names, values = _pictures(inputs) if pictures else _sentences(inputs)
            found = predict(model=model, inputs=values, names=names, top_k=top_k)
        except FlashError as error:
            raise CommandError(error.detail) from error
        for name, prediction in zip(names, found, strict=True):
            self.stdout.write(_line_of_json(name, prediction) if json else _line(name, prediction))


def _pictures(paths: list[str]) -> tuple[list[str], list[bytes]]:
    try:
        return paths, [Path(path).read_bytes() for path in paths]
    except OSError as error:
        raise CommandError(f"{error.filename} cannot be read: {error.strerror}.") from error


def _sentences(arguments: list[str]) -> tuple[list[str], list[str]]:
    sentences: list[str] = []
    for argument in arguments:
        sentences += _lines(argument) or [argument]
    return sentences, sentences


def _lines(argument: str) -> list[str]:
    try:
        if not Path(argument).is_file():
            return []
        text = Path(argument).read_text("utf-8")
    except UnicodeDecodeError as error:
        raise CommandError(f"{argument} is not UTF-8 text.") from error
    except (OSError, ValueError):  # a sentence makes no path: too long, or with a NUL
        return []
    return [line for line in text.splitlines() if line.strip()]


def _line(name: str, prediction: Prediction) -> str:
    shares = ", ".join(f"{label} {probability:.1%}" for label, probability in prediction.top)
    return f"{name}: {shares}"


def _line_of_json(name: str, prediction: Prediction) -> str:
    top = [{"label": label, "probability": probability} for label, probability in prediction.top]
    answer = {"input": name, "label": prediction.label, "probability": prediction.probability, "top": top}
    return json.dumps(answer, ensure_ascii=False)
