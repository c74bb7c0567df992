"""Where the private Redis of `up` listens: a unix socket, in var/ or, when that path is too long, in a short one."""

import hashlib
import os
import tempfile
from contextlib import suppress
from pathlib import Path
from urllib.parse import parse_qsl, urlencode

# sun_path of sockaddr_un (unix(7)) has 108 bytes with the closing NUL; Redis cuts longer ones without a word.
MAX_PATH_BYTES = 104  # macOS has 104


def path(var_dir: Path) -> Path:
    """The socket for this `var_dir`; always the same for the same folder and user."""
    wanted = var_dir / "redis" / "redis.sock"
    if len(os.fsencode(wanted)) < MAX_PATH_BYTES:
        return wanted
    digest = hashlib.sha256(os.fsencode(var_dir)).hexdigest()[:12]
    short = Path(tempfile.gettempdir()) / f"flash-{os.getuid()}-{digest}" / "redis.sock"
    if len(os.fsencode(short)) < MAX_PATH_BYTES:
        return short
    return Path("/tmp") / short.parent.name / short.name  # noqa: S108 - prepare_folder checks its owner


def url(var_dir: Path) -> str:
    """The REDIS_URL of that socket."""
    return f"unix://{path(var_dir)}?db=0"


def with_limits(url: str) -> str:
    """A REDIS_URL that gives up a Redis that hangs; dramatiq passes on no option beside it. Its own limits go first."""
    limits = {"socket_connect_timeout": "3", "socket_timeout": "5"}
    address, _, query = url.partition("?")
    return f"{address}?{urlencode(limits | dict(parse_qsl(query)))}"


def remove_folder(socket: Path, var_dir: Path) -> None:
    """Remove the socket's folder where it is not in `var_dir`; Redis has removed the socket."""
    if not socket.is_relative_to(var_dir):
        with suppress(OSError):
            socket.parent.rmdir()


def prepare_folder(socket: Path) -> None:
    """Make the socket's folder for this user alone. Raises PermissionError when it belongs to another user."""
    socket.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    facts = socket.parent.lstat()
    if facts.st_uid != os.getuid() or socket.parent.is_symlink():
        raise PermissionError(f"{socket.parent} belongs to another user; remove it or set FLASH_VAR_DIR.")
    socket.parent.chmod(0o700)
