"""The kinds of tasks: `KINDS`, what a `Kind` is, and a folder for each that comes with Flash."""

from training.kinds.kind import Kind, ModelSpec, Preset, Words
from training.kinds.registry import (
    CATALOG,
    KINDS,
    KINDS_VARIABLE,
    UnknownKind,
    kind_of,
    load,
    load_kinds,
    register,
    unregister,
)

__all__ = [
    "CATALOG",
    "KINDS",
    "KINDS_VARIABLE",
    "Kind",
    "ModelSpec",
    "Preset",
    "UnknownKind",
    "Words",
    "kind_of",
    "load",
    "load_kinds",
    "register",
    "unregister",
]
