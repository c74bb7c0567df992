"""The secret key: from the environment, else a file made once at the first start."""

import os
import secrets
from pathlib import Path


def load_or_create(path: Path) -> str:
    """The key in `path`, generated when there is none; safe when two processes start at once."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text().strip() or secrets.token_urlsafe(50)
    with os.fdopen(handle, "w") as file:
        file.write(key := secrets.token_urlsafe(50))
    return key
