"""The secret key: from the environment, else a file made once at the first start."""

import os
import secrets
from pathlib import Path

from flashsite import env


def load_or_create(path: Path) -> str:
    """The key in `path`, generated when there is none; safe when two processes start at once.

    A folder that cannot be written is reported by the system checks; until then a key for this process only serves.
    """
    try:
        return _load_or_create(path)
    except OSError as error:
        sentence = f"The secret key cannot be kept in {path}: {error.strerror}. Set FLASH_VAR_DIR to your own folder."
        env.PROBLEMS.append(("FLASH_VAR_DIR", sentence))
        return secrets.token_urlsafe(50)


def _load_or_create(path: Path) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    # Django checks that uploads have somewhere to go before anything of ours could make the folder.
    (path.parent / "tmp").mkdir(exist_ok=True)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text().strip() or secrets.token_urlsafe(50)
    with os.fdopen(handle, "w") as file:
        file.write(key := secrets.token_urlsafe(50))
    return key
