"""What may be handed in for a prediction; every refusal names the input by its index, counted from 0."""

import re
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from modelstore.ground.errors import FlashError
from modelstore.ground.problems import MOST_TOLD
from modelstore.prediction.contract import inputs_of
from training.ground.limits import Limits
from training.kinds import kind_of

_T = TypeVar("_T")


class InputsInvalid(FlashError):
    """Not what a prediction takes."""

    status = 400
    code = "inputs_invalid"
    title = "The inputs are not valid"


class TooManyInputs(FlashError):
    """More in one request than the limits allow."""

    status = 413
    code = "too_many_inputs"
    title = "Too many inputs in one request"


class InputTooLarge(FlashError):
    """One input is beyond the limits."""

    status = 413
    code = "input_too_large"
    title = "An input is too large"


class InputUnsupported(FlashError):
    """Not a kind of file that is read here."""

    status = 415
    code = "input_unsupported"
    title = "An input is of a kind that is not supported"


class InputUnreadable(FlashError):
    """The right kind, but damaged."""

    status = 422
    code = "input_unreadable"
    title = "An input cannot be read"


_NUMBERED = re.compile(r"^Input \d+ \((.+?)\) ")


def refused(kind: type[FlashError], index: int, sentence: str, name: str = "") -> FlashError:
    """A refusal of the input at `index`; `sentence` goes on after its name."""
    whole = f"Input {index}{f' ({name[:100]})' if name else ''} {sentence}"
    return kind(whole, fields={f"inputs[{index}]": [whole]})


def alone(error: FlashError) -> str:
    """The sentence of a refusal without the input's number, for where it stands beside the input."""
    return f"This {error.detail.removeprefix('Input 0').strip()}"


def by_name(error: FlashError) -> str:
    """The sentence of a refusal with the input's name in place of its number, for somebody who chose several."""
    return _NUMBERED.sub(r"“\1” ", error.detail)


def most_inputs(task: str, limits: Limits) -> int:
    """How many inputs one request may have."""
    most: int = getattr(limits, kind_of(task).per_request_limit)
    return most


def check_inputs(*, task_type: str, inputs: Sequence[Any], limits: Limits, names: Sequence[str] = ()) -> int:
    """How much work all inputs are together, in what `KindInputs.COST` names.

    Raises a FlashError that names the inputs that cannot be used; `names` are shown beside the index.
    """
    most, kind = most_inputs(task_type, limits), inputs_of(task_type)
    unit, field = kind.COST
    most_cost, cost = getattr(limits, field), 0
    if not inputs:
        raise InputsInvalid("There is nothing to predict: send at least one input.")
    if len(inputs) > most:
        raise TooManyInputs(f"{len(inputs):,} inputs are more than the {most:,} allowed in one request.")

    def cost_of(value: Any, index: int) -> int:
        kind.check(value, index, names[index] if index < len(names) else "", limits)
        return kind.cost(value)

    for index, one in enumerate(each(inputs, cost_of)):
        cost += one
        # One that may be so large by itself is taken.
        if index and cost > most_cost:
            raise TooManyInputs(
                f"The inputs have more than {most_cost:,} {unit} together, too many for one request. "
                "Send fewer at a time, or all of them as one file."
            )
    return cost


def each(inputs: Sequence[Any], look: Callable[[Any, int], _T]) -> list[_T]:
    """What `look(input, index)` answers for each.

    Raises the FlashError of the first input that it refuses, with the sentences of up to 20 that are refused alike.
    """
    found, refusals = [], []
    for index, value in enumerate(inputs):
        try:
            found.append(look(value, index))
        except FlashError as refusal:
            refusals.append(refusal)
            if len(refusals) == MOST_TOLD:
                break
    if not refusals:
        return found
    first = refusals[0]
    alike = [refusal for refusal in refusals if refusal.code == first.code]
    if len(alike) == 1:
        raise first
    detail = f"{first.detail} Further inputs cannot be used, either; `errors` says which."
    raise type(first)(detail, fields={name: told for one in alike for name, told in one.fields.items()})


def type_words(value: Any) -> str:
    """What a JSON value of the wrong type is, for a sentence."""
    kinds = {str: "text", dict: "an object", list: "a list", bool: "true or false", type(None): "null"}
    return kinds.get(type(value), "a number")
