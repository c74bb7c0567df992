"""What a kind of task must know of predictions: the module that `Kind.inputs` names."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, cast

from training.ground.limits import Limits
from training.kinds import kind_of, load


class KindInputs(Protocol):
    """The functions of that module, which batches use, too: without Django, torch and all that is slow to import.

    An input is what the kind's preprocessing takes. What cannot be used is refused by the errors of
    `modelstore.prediction.inputs`, made by `refused` with the input's index.
    """

    # An entry of `inputs` in a JSON request, as JSON Schema with a description and at least one of `examples`.
    JSON_SCHEMA: Mapping[str, Any]
    # The field of a multipart request that holds files, and what it holds, a sentence; "" where JSON alone is taken,
    # then `NO_FILES` says what to send instead.
    FILES: str
    FILES_HELP: str
    NO_FILES: str

    # What `cost` counts, for a sentence, and the field of Limits that says how much of it one request may have.
    COST: tuple[str, str]

    def check_json(self, value: Any, index: int) -> None:
        """Refuse an entry of `inputs` in a JSON request that is not of the right type."""

    def from_json(self, value: Any, index: int, limits: Limits) -> Any:
        """The input that this entry stands for."""

    def check(self, value: Any, index: int, name: str, limits: Limits) -> None:
        """Refuse an input that is too large or cannot be right; `name` is what it was called, "" if nothing."""

    def cost(self, value: Any) -> int:
        """How much work an input is that was checked; 0 where all are alike."""

    def max_file_bytes(self, limits: Limits) -> int:
        """How large one of `FILES` may be."""

    def from_arguments(self, arguments: Sequence[str]) -> tuple[list[str], list[Any]]:
        """Names and inputs of what stands on a command line; raises OSError."""


def inputs_of(task: str) -> KindInputs:
    """The module of the kind of `task`; raises UnknownKind."""
    return cast(KindInputs, load(kind_of(task).inputs))
