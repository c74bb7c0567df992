"""Typed readers of environment variables; a bad value is remembered and becomes a system check."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import parse_qsl, unquote, urlsplit

T = TypeVar("T")

# (variable, sentence) for flashsite.checks; settings must import even when a value is bad.
PROBLEMS: list[tuple[str, str]] = []

_UNITS = {"": 1, "k": 1024, "m": 1024**2, "g": 1024**3, "t": 1024**4}


def _read(name: str, default: T, convert: Callable[[str], T], expected: str) -> T:
    raw = os.environ.get(name, "").strip()
    if not raw:
        return default
    try:
        return convert(raw)
    except ValueError:
        PROBLEMS.append((name, f"{name} is {raw!r}; set it to {expected}, or unset it."))
        return default


def string(name: str, default: str = "") -> str:
    return os.environ.get(name, "").strip() or default


def boolean(name: str, default: bool) -> bool:
    def convert(raw: str) -> bool:
        words = {
            "1": True,
            "true": True,
            "yes": True,
            "on": True,
            "0": False,
            "false": False,
            "no": False,
            "off": False,
        }
        if raw.lower() not in words:
            raise ValueError(raw)
        return words[raw.lower()]

    return _read(name, default, convert, "1 or 0")


def integer(name: str, default: int, *, low: int = 0) -> int:
    def convert(raw: str) -> int:
        value = int(raw)
        if value < low:
            raise ValueError(raw)
        return value

    return _read(name, default, convert, f"a whole number of at least {low}")


def number(name: str, default: float, *, low: float = 0.0) -> float:
    def convert(raw: str) -> float:
        value = float(raw)
        if not low <= value < float("inf"):
            raise ValueError(raw)
        return value

    return _read(name, default, convert, f"a number of at least {low:g}")


def size(name: str, default: int) -> int:
    """Bytes, written as 500000, 200M or 2G."""

    def convert(raw: str) -> int:
        text = raw.lower().removesuffix("b").removesuffix("i")
        unit = text[-1:] if text[-1:] in _UNITS and not text[-1:].isdigit() else ""
        return int(float(text.removesuffix(unit)) * _UNITS[unit])

    return _read(name, default, convert, "a size such as 500M or 2G")


def strings(name: str, default: list[str]) -> list[str]:
    raw = os.environ.get(name, "")
    return [part.strip() for part in raw.split(",") if part.strip()] or default


def choice(name: str, default: str, words: list[str]) -> str:
    def convert(raw: str) -> str:
        if raw.lower() not in words:
            raise ValueError(raw)
        return raw.lower()

    return _read(name, default, convert, " or ".join(words))


def prices(name: str, default: dict[str, float]) -> dict[str, float]:
    """Money an hour by kind of machine: `g4dn.xlarge=0.526,g5.xlarge=1.006`."""

    def convert(raw: str) -> dict[str, float]:
        pairs = [part.split("=") for part in raw.split(",")]
        if any(len(pair) != 2 or float(pair[1]) < 0 for pair in pairs):
            raise ValueError(raw)
        return {kind.strip(): float(price) for kind, price in pairs}

    return _read(name, default, convert, "prices an hour such as g4dn.xlarge=0.526,g5.xlarge=1.006")


def url(name: str, default: str, schemes: tuple[str, ...]) -> str:
    """An address with one of `schemes` and a host."""

    def convert(raw: str) -> str:
        parts = urlsplit(raw)
        if parts.scheme not in schemes or not parts.hostname:
            raise ValueError(raw)
        return raw

    return _read(name, default, convert, f"an address such as {schemes[0]}://user:password@host/")


def path(name: str, default: Path) -> Path:
    raw = os.environ.get(name, "").strip()
    return Path(raw).expanduser().absolute() if raw else default


def database(name: str, default: dict[str, Any]) -> dict[str, Any]:
    """`postgres://user:password@host:port/name?option=value`, or `sqlite:///path`; unset means `default`."""

    def convert(raw: str) -> dict[str, Any]:
        url = urlsplit(raw)
        if url.scheme == "sqlite":
            return {**default, "NAME": unquote(url.path.removeprefix("/"))}
        if url.scheme not in ("postgres", "postgresql"):
            raise ValueError(raw)
        options: dict[str, Any] = dict(parse_qsl(url.query))
        host = options.pop("host", None) or unquote(url.hostname or "")
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": unquote(url.path.removeprefix("/")),
            "USER": unquote(url.username or ""),
            "PASSWORD": unquote(url.password or ""),
            "HOST": host,
            "PORT": str(url.port or ""),
            "CONN_MAX_AGE": 60,
            "CONN_HEALTH_CHECKS": True,
            "OPTIONS": options,
        }

    return _read(name, default, convert, "a URL such as postgres://user:password@host/name")


def given(prefix: str) -> dict[str, str]:
    """All variables with this prefix that are set, as they are."""
    return {
        name: raw for name, value in os.environ.items() if name.startswith(prefix) and (raw := value.strip())
    }
