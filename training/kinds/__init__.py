"""The kinds of tasks: `KINDS`, what a `Kind` is, and a folder for each that comes with Flash."""

from training.kinds.kind import (
    MANY_LABELS,
    ONE_LABEL,
    Candidate,
    Kind,
    ModelSpec,
    Preset,
    SampleData,
    Words,
)
from training.kinds.registry import (
    CATALOG,
    KINDS,
    KINDS_VARIABLE,
    KindsInvalid,
    UnknownKind,
    kind_of,
    kinds_taking,
    load,
    load_kinds,
    register,
    task_choices,
    unregister,
)

__all__ = [
    "CATALOG",
    "KINDS",
    "KINDS_VARIABLE",
    "MANY_LABELS",
    "ONE_LABEL",
    "Candidate",
    "Kind",
    "KindsInvalid",
    "ModelSpec",
    "Preset",
    "SampleData",
    "UnknownKind",
    "Words",
    "kind_of",
    "kinds_taking",
    "load",
    "load_kinds",
    "register",
    "task_choices",
    "unregister",
]
