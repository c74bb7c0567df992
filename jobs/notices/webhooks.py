"""Posts to an address that a stranger gave, without letting it reach this machine or its network (SSRF).

The name is resolved once, every address that it has must be public, and the connection goes to the very address that
was looked at: a second look-up could answer otherwise (DNS rebinding). Redirects are not followed, the answer's body
is not read, and no proxy of the environment is used. All of it together has a deadline, however slowly the other side
goes on.
"""

import hashlib
import hmac
import http.client
import ipaddress
import json
import socket
import ssl
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import SplitResult, urlsplit

from django.conf import settings

# From the look-up of the name to the status of the answer.
_SECONDS = 10
_LONGEST = 2_000
_MOST_BYTES = 16_384
_PORTS = {"http": 80, "https": 443}
# Public by number, but a way to somewhere else: 6to4 and NAT64 hold an IPv4 address inside.
_TUNNELS = [ipaddress.ip_network(name) for name in ("2002::/16", "64:ff9b::/96", "64:ff9b:1::/48")]


class WebhookRefused(Exception):
    """This address is not posted to, now or later; the message says why."""


class WebhookFailed(Exception):
    """It failed this time; the message says why."""


def check_url(url: str) -> SplitResult:
    """The parts of an address that may be posted to, as far as can be told without asking DNS."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise WebhookRefused("This is not a valid URL.") from error
    if len(url) > _LONGEST or not url.isascii() or not url.isprintable() or " " in url:
        raise WebhookRefused(f"Give a URL of at most {_LONGEST:,} plain characters.")
    if parts.scheme not in _PORTS or not parts.hostname:
        raise WebhookRefused("Give a URL that begins with https:// or http://.")
    if parts.username or parts.password:
        raise WebhookRefused("Leave user name and password out of the URL.")
    if settings.FLASH_WEBHOOKS_PRIVATE:
        return parts
    if port not in (None, *_PORTS.values()) and not (port and port >= 1024):
        raise WebhookRefused("Only the ports 80, 443 and those from 1024 on can be used.")
    try:
        address = ipaddress.ip_address(parts.hostname)
    except ValueError:
        return parts
    if not _is_public(address):
        raise WebhookRefused(
            "This address lies in a private network. Give one that is reachable from everywhere."
        )
    return parts


def post(url: str, body: Mapping[str, Any], *, key: str, event: str, delivery: str) -> None:
    """Posts `body` as JSON, signed with `key`; raises WebhookRefused or WebhookFailed.

    `Flash-Signature: t=SECONDS,v1=HEX` is HMAC-SHA256 of "SECONDS.BODY" by the key.
    """
    parts = check_url(url)
    data = json.dumps(body).encode()
    if len(data) > _MOST_BYTES:
        raise WebhookRefused("The message is too long.")
    now = str(int(time.time()))
    signature = hmac.new(key.encode(), f"{now}.".encode() + data, hashlib.sha256).hexdigest()
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "Flash-Webhook/1",
        "Flash-Event": event,
        "Flash-Delivery": delivery,
        "Flash-Signature": f"t={now},v1={signature}",
        "Connection": "close",
    }
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    deadline = time.monotonic() + _SECONDS
    connection = _connection(parts)
    # A time-out of the socket begins anew with each byte.
    timer = threading.Timer(max(0.0, deadline - time.monotonic()), connection.cut)
    timer.daemon = True
    timer.start()
    try:
        connection.request("POST", path, data, headers)
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException, ValueError) as error:
        reason = "TimeoutError" if time.monotonic() >= deadline else type(error).__name__
        raise WebhookFailed(f"it did not answer ({reason})") from error
    finally:
        timer.cancel()
        connection.close()
    if status == http.client.GONE:
        raise WebhookRefused("it answered 410, so it wants no more messages.")
    if 300 <= status < 400:
        raise WebhookRefused(f"it answered {status}, and redirects are not followed.")
    if not 200 <= status < 300:
        raise WebhookFailed(f"it answered {status}")


def _connection(parts: SplitResult) -> "_Pinned":
    host = parts.hostname or ""
    port = parts.port or _PORTS[parts.scheme]
    address = _public_address(host, port)
    if parts.scheme == "https":
        return _PinnedTls(host, port, address)
    return _Pinned(host, port, address)


def _public_address(host: str, port: int) -> str:
    """One address of `host`; every one that it has must be public."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise WebhookFailed("its name cannot be found in DNS") from error
    addresses = [str(entry[4][0]).split("%")[0] for entry in found]
    if not settings.FLASH_WEBHOOKS_PRIVATE and not all(
        _is_public(ipaddress.ip_address(address)) for address in addresses
    ):
        raise WebhookRefused("its name leads into a private network.")
    return addresses[0]


def _is_public(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    inner = getattr(address, "ipv4_mapped", None)
    if inner is not None:
        return _is_public(inner)
    if any(address in network for network in _TUNNELS if network.version == address.version):
        return False
    return address.is_global and not (address.is_multicast or address.is_reserved or address.is_unspecified)


class _Pinned(http.client.HTTPConnection):
    """Speaks to `host`, and connects to `address`, whatever DNS says by now."""

    def __init__(self, host: str, port: int, address: str) -> None:
        super().__init__(host, port, timeout=_SECONDS)
        self._address = address
        self._is_cut = False
        # The same connection under another number, which TLS does not take away.
        self._twin: socket.socket | None = None

    def connect(self) -> None:
        self.sock = socket.create_connection((self._address, self.port), timeout=_SECONDS)
        self._twin = self.sock.dup()
        if self._is_cut:
            raise TimeoutError

    def close(self) -> None:
        super().close()
        if self._twin is not None:
            self._twin.close()

    def cut(self) -> None:
        """From another thread: whoever waits for the other side gets an error now."""
        self._is_cut = True
        if self._twin is not None:
            with suppress(OSError):
                self._twin.shutdown(socket.SHUT_RDWR)


class _PinnedTls(_Pinned):
    """The same, with the certificate checked against `host`."""

    default_port = http.client.HTTPS_PORT

    def connect(self) -> None:
        super().connect()
        context = ssl.create_default_context()
        self.sock = context.wrap_socket(self.sock, server_hostname=self.host)
