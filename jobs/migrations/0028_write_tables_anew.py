"""Writes the tables anew: a column that was dropped stays in the pages of their files until then."""

import sys
from typing import Any, ClassVar

from django.db import DatabaseError, migrations

_TABLES = (
    "jobs_job", "jobs_dataset", "jobs_batchprediction", "jobs_uploadsession", "modelstore_trainedmodel",
)  # fmt: skip


def write_anew(apps: Any, schema_editor: Any) -> None:
    """Needs room for a copy; without it the site goes on, and the operator is told what is left to do."""
    connection = schema_editor.connection
    if connection.vendor not in ("sqlite", "postgresql"):
        return
    tables = ", ".join(_TABLES)
    statement = "VACUUM" if connection.vendor == "sqlite" else f"VACUUM FULL {tables}"
    try:
        with connection.cursor() as cursor:
            cursor.execute(statement)
            if connection.vendor == "sqlite":
                cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    except DatabaseError as error:
        sys.stderr.write(
            f"\nThe tables could not be written anew ({error}). Old tokens may still be read from the database's "
            f"files, by whoever has these: make room, then run {statement} once.\n"
        )


class Migration(migrations.Migration):
    # VACUUM does not run in a transaction.
    atomic = False
    dependencies: ClassVar = [("jobs", "0027_no_clear_tokens"), ("modelstore", "0014_no_clear_tokens")]
    # No way back from here: no hash gives a token back.
    operations: ClassVar = [migrations.RunPython(write_anew)]
