"""What a job goes on from: an earlier model, and earlier data to which its own is added."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

FIELDS = ("continue_from", "extend_dataset")


@dataclass(frozen=True, kw_only=True, slots=True)
class Lineage:
    """Tokens: of the model to continue, of the dataset to extend; empty where there is none."""

    continue_from: str = ""
    extend_dataset: str = ""


def read_lineage(fields: Mapping[str, Any]) -> Lineage:
    """The lineage among the fields of a form or a JSON object."""
    return Lineage(**{name: _token_in(fields.get(name)) for name in FIELDS})


def _token_in(value: Any) -> str:
    """A token as people paste it: with spaces around it, or as the address of its page."""
    words = str(value or "").strip().split("?")[0].split("#")[0].rstrip("/").split("/")
    after = [following for word, following in pairwise(words) if word in ("jobs", "models", "datasets")]
    return (after or words[-1:])[-1][:200]
