"""What a site needs beside rows and files: its secret key, and the settings it was given."""

import json
import os
from typing import Any

from django.conf import settings

from flashsite import env

# Of the machine rather than of the site; another one has its own.
_OF_THE_MACHINE = {
    "FLASH_BIND", "FLASH_CACHE_DIR", "FLASH_DEVICE", "FLASH_IMDS", "FLASH_SECRET_KEY", "FLASH_SERVER_NAME",
    "FLASH_SIGNS_DIR", "FLASH_VAR_DIR", "FLASH_WEIGHTS_DIR",
}  # fmt: skip


def as_bytes() -> bytes:
    """The secret key and all FLASH_… variables of the site; addresses of database, Redis and AWS are not in it."""
    told = {name: value for name, value in env.given("FLASH_").items() if name not in _OF_THE_MACHINE}
    return json.dumps({"secret_key": settings.SECRET_KEY, "environment": told}, indent=1).encode()


def differing(content: bytes) -> dict[str, str]:
    """The variables of a backup that are not set alike here."""
    told: dict[str, str] = json.loads(content)["environment"]
    here = env.given("FLASH_")
    return {name: value for name, value in told.items() if here.get(name, "") != value}


def secret_key(content: bytes) -> str:
    found: Any = json.loads(content)["secret_key"]
    return str(found)


def key_is_set() -> bool:
    """Whether the environment has the key, so that no file does."""
    return bool(env.string("FLASH_SECRET_KEY"))


def as_lines(variables: dict[str, str]) -> str:
    """For a file of an environment."""
    return "".join(f"{name}={json.dumps(value)}{os.linesep}" for name, value in sorted(variables.items()))
