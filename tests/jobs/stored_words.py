"""Everything that the database says, read as a thief would."""

import base64
import pickle
import re
import zlib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from django.contrib.sessions.models import Session
from django.db import connection

from jobs.models import BatchPrediction, Dataset, Job, UploadSession
from modelstore.ground.tokens import digest
from modelstore.models import TrainedModel

_WORD = re.compile(r"[A-Za-z0-9_-]{4,128}")


def values() -> Iterator[tuple[str, str]]:
    """Each value of each column of each table, as text; what is packed is unpacked."""
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            names = [column[0] for column in cursor.description]
            for row in cursor.fetchall():
                for name, value in zip(names, row, strict=True):
                    yield from ((f"{table}.{name}", text) for text in _texts(value))
    for session in Session.objects.all():
        yield "django_session decoded", repr(session.get_decoded())


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, memoryview | bytes):
        raw = bytes(value)
        yield raw.decode("latin-1")
        with suppress(zlib.error):
            yield zlib.decompress(raw).decode("latin-1")
        return
    yield str(value)
    with suppress(ValueError):
        yield base64.urlsafe_b64decode(str(value)).decode("latin-1")


def files() -> bytes:
    """The files of the database with what was deleted from them, where there are any; else nothing."""
    if connection.vendor != "sqlite":
        return b""
    path = Path(connection.settings_dict["NAME"])
    return b"".join(part.read_bytes() for part in path.parent.glob(f"{path.name}*"))


def working_tokens() -> set[tuple[str, str]]:
    """Each word in the database that opens a row, and where it stands; for that nobody has to know any token."""
    tables = (Job, Dataset, TrainedModel, BatchPrediction, UploadSession)
    opens = {key for table in tables for key in table.objects.values_list("token_digest", flat=True)}
    return {
        (where, word) for where, text in values() for word in _WORD.findall(text) if digest(word) in opens
    }


def messages(broker: Any) -> str:
    """What waits in the queues of a broker in memory."""
    waiting = [list(queue.queue) for queue in broker.queues.values()]
    return repr(waiting) + repr(pickle.dumps(waiting))
