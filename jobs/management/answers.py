"""What is open about an upload, asked at a terminal, one question after the other."""

from collections.abc import Callable, Mapping
from typing import Any

from jobs.datasets import dataset_store
from jobs.models import Dataset
from jobs.uploads import UploadRefused

_MOST_SHOWN = 20


def answered(dataset: Dataset, say: Callable[[str], object], ask: Callable[[str], str]) -> Dataset:
    """The dataset read with the answers, until nothing is open; EOFError where no answer comes.

    `say` prints a line, `ask` prints a prompt and reads one. A reading that is refused is told, and asked about again.
    """
    wrong = ""
    while dataset.questions:
        if wrong:
            say(wrong)
        question = dataset.questions[0]
        answer = _answer(question, say, ask)
        options = {**dataset.options, str(question["field"]): answer}
        wrong = _read_again(dataset, options)
    return dataset


def _read_again(dataset: Dataset, options: Mapping[str, Any]) -> str:
    """Why it cannot be read so; empty where it can."""
    try:
        dataset_store.reinspect(dataset=dataset, options=options)
    except UploadRefused as refusal:
        return refusal.detail
    return ""


def _answer(question: Mapping[str, Any], say: Callable[[str], object], ask: Callable[[str], str]) -> str:
    choices, guess = [str(choice) for choice in question["choices"]], str(question["guess"])
    say("")
    say(str(question["message"]))
    for number, choice in enumerate(choices[:_MOST_SHOWN], start=1):
        say(f"  {number}  {choice}{'  (as now)' if choice == guess else ''}")
    if len(choices) > _MOST_SHOWN:
        say(f"  … and {len(choices) - _MOST_SHOWN:,} more: give the name.")
    while True:
        said = ask(f"Number or name, or Enter for {guess}: ").strip()
        if not said:
            return guess
        if said in choices:
            return said
        if said.isdecimal() and 0 < int(said) <= min(len(choices), _MOST_SHOWN):
            return choices[int(said) - 1]
        say("That is none of them.")
