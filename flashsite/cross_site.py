"""Which requests a page of another site made: it may link to Flash, but not do anything in its visitor's name."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings

from modelstore.ground.errors import FlashError

_SAFE = ("GET", "HEAD", "OPTIONS", "TRACE")
_PORTS = {"http": 80, "https": 443}


class CrossSite(FlashError):
    status = 403
    code = "cross_site"
    title = "Not allowed from another site"


def cross_site_refusal() -> CrossSite:
    return CrossSite(
        "This request came from a page of another site, so nothing was done. Send it from Flash's own pages or with an "
        "API key, or have the operator add that site to FLASH_TRUSTED_ORIGINS."
    )


def is_cross_site(environ: Mapping[str, Any]) -> bool:
    """Whether a browser sent this write for a page of a site that is not allowed to.

    Programs send neither `Sec-Fetch-Site` nor `Origin`; a page cannot leave them out, nor add an API key unasked.
    """
    if environ["REQUEST_METHOD"] in _SAFE or environ.get("HTTP_AUTHORIZATION", "").lower().startswith(
        "bearer "
    ):
        return False
    site, origin = environ.get("HTTP_SEC_FETCH_SITE", ""), environ.get("HTTP_ORIGIN", "")
    if origin in settings.CSRF_TRUSTED_ORIGINS:
        return False
    if site:
        # "none" is a person's own doing; a browser that says so need not be asked for the origin.
        return site not in ("same-origin", "same-site", "none")
    if not origin:
        return False
    # The scheme is the browser's: a proxy that ends TLS may not tell of it.
    scheme, _, _ = origin.partition("://")
    name, _ = here = _host(f"{scheme}://{environ.get('HTTP_HOST') or environ.get('SERVER_NAME', '')}")
    return not name or _host(origin) != here


def _host(origin: str) -> tuple[str, int | None]:
    """Name and port; "null" has neither."""
    try:
        parts = urlsplit(origin)
        return parts.hostname or "", parts.port or _PORTS.get(parts.scheme)
    except ValueError:
        return "", None
