"""Sessions of operators: the database has digests of their keys, so a dump of it signs nobody in."""

from typing import Any

from django.contrib.sessions.backends import db
from django.contrib.sessions.models import Session
from django.utils import timezone

from modelstore.ground.tokens import digest


class SessionStore(db.SessionStore):
    """Django's sessions in the database, found by the digest of the key in the cookie."""

    def exists(self, session_key: str) -> bool:
        return bool(super().exists(_hashed(session_key)))

    def create_model_instance(self, data: dict[str, Any]) -> Session:
        row = super().create_model_instance(data)
        assert isinstance(row, Session) and self.session_key
        row.session_key = _hashed(self.session_key)
        return row

    def delete(self, session_key: str | None = None) -> None:
        key = session_key or self.session_key
        if key is not None:
            super().delete(_hashed(key))

    def _get_session_from_db(self) -> Session | None:
        live = Session.objects.filter(expire_date__gt=timezone.now())
        row = live.filter(session_key=_hashed(self.session_key)).first() if self.session_key else None
        if row is None:
            self._session_key = None
        return row


def _hashed(key: str) -> str:
    # The column has 40 characters: 160 bits.
    return digest(key)[:40]
