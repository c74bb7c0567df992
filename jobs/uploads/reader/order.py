"""What a reader is asked, and what it answers: JSON both ways, for nothing of a child may be unpickled."""

import base64
import json
import traceback
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Self

from jobs.uploads.errors import ColumnChoice, UploadRefused
from jobs.uploads.findings import Findings, Note
from jobs.uploads.findings_csv import findings_csv
from training.ground.limits import Limits


@dataclass(frozen=True, kw_only=True, slots=True)
class Bounds:
    """What one file may cost: bytes of address space beyond what the reader begins with, seconds, bytes of one file."""

    memory: int
    seconds: int
    file_bytes: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Order:
    """One call: `function` of the module called `module`, one of `jobs.uploads.reader.calls.CALLS`.

    `reads` and `writes` are all that it may open besides Python's own files; the last of `writes` is a folder for what
    has to be put aside meanwhile.
    """

    module: str
    function: str
    arguments: Mapping[str, Any]
    limits: Limits
    bounds: Bounds
    reads: Sequence[str]
    writes: Sequence[str]

    def to_json(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Self:
        data = json.loads(text)
        limits, bounds = Limits(**data.pop("limits")), Bounds(**data.pop("bounds"))
        return cls(**data, limits=limits, bounds=bounds)


@dataclass(frozen=True, kw_only=True, slots=True)
class Described:
    """Findings as they are stored: their JSON, and all notes as CSV, packed by zlib (empty where there are none)."""

    document: dict[str, Any]
    notes: bytes

    @classmethod
    def of(cls, findings: Findings) -> Self:
        noted = findings.repairs or findings.skipped or findings.warnings
        packed = zlib.compress("".join(findings_csv(findings)).encode()) if noted else b""
        return cls(document=findings.to_json(), notes=packed)

    def to_json(self) -> dict[str, Any]:
        return {"document": self.document, "notes": base64.b64encode(self.notes).decode()}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        return cls(document=data["document"], notes=base64.b64decode(data["notes"]))


class ReaderBroke(RuntimeError):
    """A fault of the reader's own code; the message is its traceback."""


def failed(error: BaseException) -> dict[str, Any]:
    """An exception as JSON; `raise_failed` raises it again on the other side."""
    if isinstance(error, UploadRefused):
        return {"refused": _refusal_to_json(error)}
    if isinstance(error, MemoryError):
        return {"memory": True}
    if isinstance(error, OSError) and error.errno:
        return {"errno": error.errno, "words": str(error.strerror)}
    return {"broke": "".join(traceback.format_exception(error))[-8000:]}


def raise_failed(answer: Mapping[str, Any]) -> None:
    """Raises what the child told by `failed`: UploadRefused, MemoryError, OSError, ReaderBroke."""
    if refused := answer.get("refused"):
        raise _refusal_from_json(refused)
    if answer.get("memory"):
        raise MemoryError
    if "errno" in answer:
        raise OSError(int(answer["errno"]), str(answer["words"]))
    if broke := answer.get("broke"):
        raise ReaderBroke(broke)


def _refusal_to_json(refusal: UploadRefused) -> dict[str, Any]:
    return {
        "detail": refusal.detail,
        "status": refusal.status,
        "code": refusal.code,
        "fields": refusal.fields,
        "notes": [note.to_json() if isinstance(note, Note) else str(note) for note in refusal.notes],
        "columns": refusal.columns.to_json() if refusal.columns else None,
    }


def _refusal_from_json(data: Mapping[str, Any]) -> UploadRefused:
    refusal = UploadRefused(
        data["detail"],
        status=data["status"],
        code=data["code"],
        fields=data["fields"],
        notes=[Note(**note) if isinstance(note, dict) else note for note in data["notes"]],
    )
    if data["columns"]:
        refusal.columns = ColumnChoice(**data["columns"])
    return refusal
