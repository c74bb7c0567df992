"""What the child is asked to do: order.json in its folder."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

from training.ground.limits import GIB, Limits

ORDER_FILE = "order.json"
RESULTS_FILE = "results.jsonl"
CSV_FILE = "results.csv"
XLSX_FILE = "results.xlsx"
SORTED_FILE = "sorted.zip"
SUMMARY_FILE = "summary.json"


@dataclass(frozen=True, kw_only=True, slots=True)
class Order:
    """One batch for a model of `task`: `upload` and `bundle` are local paths, `name` is what the user calls the file.

    `kind` is the format of the file.

    `frames_per_second` is for videos, `input_column` for tables, where without it
    the `learnt_columns` of the model are read, if they are there; `threads` bounds the cores, `nice` the priority.
    With `reading` the file has labels, which measure the model: it is read as uploads to train with are, by these
    options, and `marks` is the path of the bundle's file of that name, where it has one. What the child logs is of the
    request `request_id`.
    """

    task: str
    kind: str
    upload: str
    name: str
    bundle: str
    limits: Limits
    top_k: int = 5
    frames_per_second: float = 1.0
    input_column: str | None = None
    learnt_columns: tuple[str, ...] = ()
    threads: int = 1
    nice: int = 10
    reading: dict[str, Any] | None = None
    request_id: str = ""
    # Bytes of address space beyond what the child begins with.
    memory: int = 4 * GIB
    marks: str | None = None

    def write(self, folder: Path) -> None:
        """Puts it where the child looks for it."""
        (folder / ORDER_FILE).write_text(json.dumps(asdict(self)), encoding="utf-8")

    @classmethod
    def read(cls, folder: Path) -> Self:
        """The order in `folder`."""
        data: dict[str, Any] = json.loads((folder / ORDER_FILE).read_text(encoding="utf-8"))
        return cls(**{**data, "limits": Limits(**data["limits"])})
