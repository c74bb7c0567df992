"""Tokens: the unguessable keys to jobs and models."""

import hashlib
import secrets
import string

TOKEN_LENGTH = 22
# Letters and digits only: a double click selects all of it, and no command line takes it for an option.
_ALPHABET = string.ascii_letters + string.digits


def new_token() -> str:
    """A fresh key of 22 letters and digits: 131 random bits."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(TOKEN_LENGTH))


def is_number(words: str) -> bool:
    """Whether an operator means a row by its number; tokens are longer."""
    return words.isascii() and words.isdecimal() and len(words) < 19


def digest(token: str) -> str:
    """The SHA-256 of a token as 64 hex digits; rows are looked up by it, so that timing tells nothing.

    Takes any string, however long or odd.
    """
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
