"""Every request has an id: in its answer, in what is logged for it, and in the jobs that it asks for."""

from collections.abc import Callable, Iterable
from typing import Any

from flashsite.monitoring.metrics import behind_proxy
from training.ground import log_lines

HEADER = "X-Request-ID"


class Identified:
    """Wraps the site. A proxy in front of it may give the id; from anybody else it is not taken."""

    def __init__(self, site: Callable[..., Iterable[bytes]]) -> None:
        self._site = site

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        # It stays until this thread's next request: an answer is sent after this has returned.
        name = log_lines.begin(_given(environ))

        def start(status: str, headers: list[tuple[str, str]], *more: Any) -> Any:
            return start_response(status, [*headers, (HEADER, name)], *more)

        return self._site(environ, start)


def _given(environ: dict[str, Any]) -> str:
    found = str(environ.get("HTTP_X_REQUEST_ID", ""))
    return found if found and behind_proxy() and log_lines.is_id(found) else ""
