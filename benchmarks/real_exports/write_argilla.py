"""Records as Argilla writes them: a human's answer beside a machine's suggestion."""

import json
import uuid

import argilla
from argilla.records._io import GenericIO
from datasets import Dataset
from made_up import CLASSES, Expected, rows

_PERSON = uuid.UUID(int=7)


def write(expected: Expected) -> None:
    made = rows()
    records = [_record(number, text, label) for number, (text, label) in enumerate(made)]
    whole = [record.to_dict() for record in records]
    expected.table("records.json", made).write_text(json.dumps(whole, default=str))
    flat = GenericIO.to_list(records, flatten=True)
    expected.table("flattened.json", made).write_text(json.dumps(flat, default=str))
    lines = "".join(json.dumps(row, default=str) + "\n" for row in flat)
    expected.table("flattened.jsonl", made).write_text(lines)
    table = Dataset.from_list([json.loads(json.dumps(row, default=str)) for row in flat])
    table.to_csv(expected.table("flattened.csv", made))
    table.to_parquet(expected.table("flattened.parquet", made))


def _record(number: int, text: str, label: str) -> argilla.Record:
    guess = CLASSES[(CLASSES.index(label) + number % 2) % len(CLASSES)]
    return argilla.Record(
        id=str(number),
        fields={"text": text},
        responses=[argilla.Response("kind", label, user_id=_PERSON, status="submitted")],
        suggestions=[argilla.Suggestion("kind", guess, score=0.6, agent="m1")],
    )
