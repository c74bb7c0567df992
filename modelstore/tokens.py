"""Tokens: the unguessable keys to jobs and models."""

import hashlib
import secrets

TOKEN_BYTES = 16
TOKEN_LENGTH = 22


def new_token() -> str:
    """A fresh URL-safe key of 22 characters, 128 random bits."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def digest(token: str) -> str:
    """The SHA-256 of a token as 64 hex digits; rows are looked up by it, so that timing tells nothing.

    Takes any string, however long or odd.
    """
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
