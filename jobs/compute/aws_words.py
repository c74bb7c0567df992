"""What AWS calls the refusals that only an operator can end, and what to do about them."""

from collections.abc import Mapping
from types import MappingProxyType

_UNKNOWN_KEY = "The access key is not known to AWS. Check AWS_ACCESS_KEY_ID."
_EXPIRED = "The credentials have expired; renew them."
BAD_CREDENTIALS: Mapping[str, str] = MappingProxyType(
    {
        "InvalidClientTokenId": _UNKNOWN_KEY,
        "UnrecognizedClientException": _UNKNOWN_KEY,
        "InvalidAccessKeyId": _UNKNOWN_KEY,
        "SignatureDoesNotMatch": "The secret does not belong to the access key. Check AWS_SECRET_ACCESS_KEY.",
        "AuthFailure": "AWS does not accept these credentials in this region. Check the key, and that the region in "
        "AWS_REGION is enabled for the account.",
        "ExpiredToken": _EXPIRED,
        "ExpiredTokenException": _EXPIRED,
        "RequestExpired": "The credentials have expired, or this machine's clock is wrong.",
    }
)
FORBIDDEN = frozenset({"UnauthorizedOperation", "AccessDenied", "AccessDeniedException", "403"})
