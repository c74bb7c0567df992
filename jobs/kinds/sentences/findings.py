"""What was found in a table of sentences."""

from dataclasses import dataclass
from typing import Any

from jobs.uploads.findings import Findings


@dataclass(frozen=True, kw_only=True, slots=True)
class TableFindings(Findings):
    """A table of sentences.

    `rows`: at most 10 (input, label) as they will be used, long inputs cut; `length_histogram`: list of
    {from, to, count} in characters, `to` exclusive and None for the last; `delimiter` is None unless CSV.
    `input_columns` are joined to one text, `input_column` is the first of them; `split_column` and `group_column` are
    "" where none is used. `glance` are the first rows with all their columns, cut to a glance.
    """

    columns: list[str]
    input_column: str
    input_columns: list[str]
    label_column: str
    split_column: str
    group_column: str
    rows: list[tuple[str, str]]
    glance: list[list[str]]
    encoding: str
    delimiter: str | None
    has_header: bool
    length_histogram: list[dict[str, int | None]]

    def to_json(self) -> dict[str, Any]:
        return {
            **Findings.to_json(self),
            "columns": self.columns,
            "input_column": self.input_column,
            "input_columns": self.input_columns,
            "label_column": self.label_column,
            "split_column": self.split_column,
            "group_column": self.group_column,
            "rows": [list(row) for row in self.rows],
            "glance": self.glance,
            "encoding": self.encoding,
            "delimiter": self.delimiter,
            "has_header": self.has_header,
            "length_histogram": self.length_histogram,
        }
