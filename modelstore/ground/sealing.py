"""Tokens that have to be told again, sealed: the database alone opens none of them.

The key is never in the database: it comes from the site's secret key, or from another token that only its holder has.
"""

import base64
import hmac
import secrets
from typing import TYPE_CHECKING

from django.conf import settings

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

SEALED_LENGTH = 128
_NONCE, _MOST = 12, 64


def site_key() -> bytes:
    """The key of what the site itself tells again."""
    return hmac.digest(settings.SECRET_KEY.encode(), b"flash: sealed tokens", "sha256")


def key_of_token(token: str) -> bytes:
    """The key of what only the holder of `token` is told."""
    return hmac.digest(token.encode("utf-8", "surrogatepass"), b"flash: sealed for its holder", "sha256")


def key_of_request(request: str) -> bytes:
    """The key of what is told to whoever repeats a request, which `request` stands for; the site has to help."""
    return hmac.digest(site_key(), request.encode(), "sha256")


def seal(token: str, key: bytes) -> str:
    """`token` (at most 64 bytes) as text of at most SEALED_LENGTH characters that only `key` opens.

    By AES-GCM with a fresh nonce: no two sealings are alike.
    """
    plain = token.encode()
    if len(plain) > _MOST:
        raise ValueError("This is too long for a token.")
    nonce = secrets.token_bytes(_NONCE)
    return base64.urlsafe_b64encode(nonce + _cipher(key).encrypt(nonce, plain, None)).decode()


def unseal(sealed: str, key: bytes) -> str:
    """What was sealed with `key`; "" where nothing was, or with another key."""
    from cryptography.exceptions import InvalidTag

    try:
        raw = base64.urlsafe_b64decode(sealed)
        return _cipher(key).decrypt(raw[:_NONCE], raw[_NONCE:], None).decode()
    except (ValueError, InvalidTag):
        return ""


def _cipher(key: bytes) -> "AESGCM":
    # Few requests of few processes need it, and it takes its time to import.
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    return AESGCM(key)
