"""The address of the web server: finding a free port, and asking whether the site answers."""

import errno
import http.client
import socket

DEFAULT_PORT = 8000
_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - what an address for all interfaces is here
_TRIES = 50


class PortUnavailable(Exception):
    """The address cannot be used; the message is a sentence for the user."""


def choose(host: str, port: int | None) -> int:
    """`port` when it is free, or without one the first free from 8000 on. Raises PortUnavailable."""
    if port is not None:
        _try(host, port)
        return port
    for candidate in range(DEFAULT_PORT, DEFAULT_PORT + _TRIES):
        try:
            _try(host, candidate)
        except PortUnavailable:
            continue
        return candidate
    raise PortUnavailable(
        f"No port from {DEFAULT_PORT} to {DEFAULT_PORT + _TRIES - 1} is free on {host}: give one, PORT=9000."
    )


def _try(host: str, port: int) -> None:
    if not 0 < port < 65_536:
        raise PortUnavailable(f"{port} is not a port; choose one from 1024 to 65535.")
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            # A port whose last connections are in TIME_WAIT is free; one that somebody listens on is not.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except PermissionError:
        raise PortUnavailable(f"Port {port} needs root; choose one above 1023, PORT=8000.") from None
    except OSError as error:
        if isinstance(error, socket.gaierror) or error.errno == errno.EADDRNOTAVAIL:
            raise PortUnavailable(
                f"{host!r} is not an address of this machine; use HOST=127.0.0.1 or HOST=0.0.0.0."
            ) from None
        raise PortUnavailable(
            f"Port {port} on {host} cannot be used ({error.strerror or error}): another program has it. "
            f"Choose another one, PORT={port % 65535 + 1}, or leave PORT out and a free one is picked."
        ) from None


def answers(host: str, port: int, *, site: str) -> bool:
    """Whether the site's health page answers. `site` is a host name that it serves."""
    connection = http.client.HTTPConnection(_reachable(host), port, timeout=2)
    try:
        connection.request("GET", "/health/", headers={"Host": site})
        # A redirect to HTTPS is an answer, too.
        return connection.getresponse().status < 400
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def url(host: str, port: int) -> str:
    """The address to type into a browser on this machine."""
    shown = "localhost" if _reachable(host) in ("127.0.0.1", "::1") else host
    return f"http://{f'[{shown}]' if ':' in shown else shown}:{port}/"


def bind_address(host: str, port: int) -> str:
    """As gunicorn wants it."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _reachable(host: str) -> str:
    return _EVERYWHERE.get(host, host)
