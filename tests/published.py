"""Rows whose tokens a test knows: the database has none to tell."""

from typing import Any, TypeVar

from modelstore.bundles import store
from modelstore.ground.tokens import digest, new_token
from modelstore.models import Tokened, TrainedModel

Row = TypeVar("Row", bound=Tokened)


def create_model(*, token: str, **columns: Any) -> TrainedModel:
    """As `store.create_model`, which a worker calls with the digest alone."""
    model = store.create_model(token_digest=digest(token), **columns)
    model.token = token
    return model


def with_a_known_token(row: Row) -> Row:
    """A row from the database under a new token; what was sealed with its old one no longer opens."""
    row.token_digest = ""
    row.token = new_token()
    row.save(update_fields=["token_digest"])
    return row


def opens(token: str, row: Tokened) -> bool:
    """Whether it is the token of this row."""
    return row.token_digest == digest(token)


def at(address: str, row: Row) -> Row:
    """The row whose page this is, which knows its token from now on."""
    row.token = address.rstrip("/").split("/")[-1]
    return row
