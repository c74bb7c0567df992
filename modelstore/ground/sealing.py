"""Tokens that have to be told again, sealed: the database alone opens none of them.

The key is never in the database: it comes from the site's secret key, or from another token that only its holder has.
"""

import base64
import binascii
import hmac
import secrets

from django.conf import settings

SEALED_LENGTH = 128
_NONCE, _TAG, _MOST = 16, 16, 64


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

    A pad of HMAC-SHA512 for a fresh random number, used once, and a tag over both. No two sealings are alike.
    """
    plain = token.encode()
    if len(plain) > _MOST:
        raise ValueError("This is too long for a token.")
    nonce = secrets.token_bytes(_NONCE)
    hidden = _padded(plain, key, nonce)
    return base64.urlsafe_b64encode(nonce + hidden + _tag(key, nonce + hidden)).decode()


def unseal(sealed: str, key: bytes) -> str:
    """What was sealed with `key`; "" where nothing was, or with another key."""
    try:
        raw = base64.urlsafe_b64decode(sealed)
    except (binascii.Error, ValueError):
        return ""
    body, tag = raw[:-_TAG], raw[-_TAG:]
    if len(body) <= _NONCE or not hmac.compare_digest(tag, _tag(key, body)):
        return ""
    return _padded(body[_NONCE:], key, body[:_NONCE]).decode()


def _padded(text: bytes, key: bytes, nonce: bytes) -> bytes:
    pad = hmac.digest(key, b"pad" + nonce, "sha512")
    return bytes(one ^ other for one, other in zip(text, pad, strict=False))


def _tag(key: bytes, body: bytes) -> bytes:
    return hmac.digest(key, b"tag" + body, "sha256")[:_TAG]
