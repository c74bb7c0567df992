"""A guard on sockets: tests reach this machine and nothing else."""

import ipaddress
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class OutsideNetwork(AssertionError):
    """A test tried to leave the machine."""


def _is_local(host: Any) -> bool:
    if isinstance(host, bytes):
        host = host.decode("ascii", "replace")
    if host in (None, "", "localhost", socket.gethostname()):
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified


def _is_address(host: Any) -> bool:
    """Whether there is nothing to resolve."""
    try:
        return bool(ipaddress.ip_address(host))
    except ValueError:
        return False


@contextmanager
def only_this_machine() -> Iterator[None]:
    """While it lasts, connecting to or resolving anything but this machine raises OutsideNetwork."""
    connect, connect_ex, resolve = socket.socket.connect, socket.socket.connect_ex, socket.getaddrinfo

    def guard(family: int, address: Any) -> None:
        if family != socket.AF_UNIX and not _is_local(address[0]):
            raise OutsideNetwork(f"A test tried to reach {address}; tests use this machine only.")

    def guarded_connect(self: socket.socket, address: Any) -> None:
        guard(self.family, address)
        connect(self, address)

    def guarded_connect_ex(self: socket.socket, address: Any) -> int:
        guard(self.family, address)
        return connect_ex(self, address)

    def guarded_resolve(host: Any, *args: Any, **kwargs: Any) -> Any:
        if not _is_local(host) and not _is_address(host):
            raise OutsideNetwork(f"A test tried to resolve {host!r}; tests use this machine only.")
        return resolve(host, *args, **kwargs)

    socket.socket.connect, socket.socket.connect_ex = guarded_connect, guarded_connect_ex  # type: ignore[method-assign]
    socket.getaddrinfo = guarded_resolve
    try:
        yield
    finally:
        socket.socket.connect, socket.socket.connect_ex = connect, connect_ex  # type: ignore[method-assign]
        socket.getaddrinfo = resolve
