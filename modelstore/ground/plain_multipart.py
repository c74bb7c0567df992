"""Reads the multipart bodies that programs send, in one pass over memory; anything unusual is left to Django."""

import re
from dataclasses import dataclass

_BOUNDARY = re.compile(r'multipart/form-data;\s*boundary=(?:"([\w.+:=/?-]{1,200})"|([\w.+:=/?-]{1,200}))')
# The two forms that curl, requests, httpx, browsers and our own client write; nothing encoded or escaped.
_DISPOSITION = re.compile(
    rb'content-disposition: form-data; name="([a-z_]+)"(?:; filename="([^"\\/%\r\n\x00-\x1f\x80-\xff]{1,200})")?',
    re.IGNORECASE,
)
_MOST_PARTS = 64


@dataclass(frozen=True, slots=True)
class Part:
    """One field of a form; `filename` is None unless it is a file."""

    name: str
    filename: str | None
    content: bytes


def read(content_type: str, body: bytes) -> list[Part] | None:
    """The parts of `body` in their order; None if it is not of the plain form."""
    found = _BOUNDARY.fullmatch(content_type.strip())
    if found is None:
        return None
    edge = b"--" + (found[1] or found[2]).encode()
    if not body.startswith(edge + b"\r\n"):
        return None
    parts: list[Part] = []
    at, separator = len(edge) + 2, b"\r\n" + edge
    while len(parts) < _MOST_PARTS:
        end = body.find(separator, at)
        part = _part(body, at, end) if end >= 0 else None
        if part is None:
            return None
        parts.append(part)
        at = end + len(separator)
        if body[at : at + 2] == b"--":
            return parts if body[at + 2 :] in (b"", b"\r\n") else None
        if body[at : at + 2] != b"\r\n":
            return None
        at += 2
    return None


def _part(body: bytes, start: int, end: int) -> Part | None:
    head_end = body.find(b"\r\n\r\n", start, end)
    if head_end < 0:
        return None
    found = None
    for line in body[start:head_end].split(b"\r\n"):
        if match := _DISPOSITION.fullmatch(line):
            if found is not None:
                return None
            found = match
        elif (
            not line.lower().startswith((b"content-type: ", b"content-length: "))
            or b"charset" in line.lower()
        ):
            return None
    if found is None:
        return None
    filename = None if found[2] is None else found[2].decode("ascii")
    return Part(found[1].decode("ascii"), filename, body[head_end + 4 : end])
