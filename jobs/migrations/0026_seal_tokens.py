"""Seals the tokens that are told again, while they are still there."""

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

from django.db import migrations

from modelstore.ground import sealing, tokens

_PAGE = 2000


def seal_tokens(apps: Any, schema_editor: Any) -> None:
    """Rows as the models of this version write them; a repeated request finds its row as before."""
    tables = _Tables(apps, schema_editor.connection)
    tables.write("Job", ("sealed_token", "sealed_dataset", "sealed_continued"), _jobs(tables))
    for model in ("Job", "BatchPrediction"):
        tables.write(model, ("idempotency_key", "sealed_repeat"), _repeats(tables, model))
    tables.write("UploadSession", ("sealed_dataset",), _uploads(tables))
    tables.write("Notice", ("sealed_token",), _notices(tables))
    for job in tables.rows("Job").exclude(comparison=None).only("comparison"):
        job.comparison = {name: value for name, value in job.comparison.items() if name != "token"}
        job.save(update_fields=["comparison"])


# The new values of one row's columns, and its key.
_Values = tuple[Any, ...]


class _Tables:
    """Reads and writes in pages: there may be very many jobs."""

    def __init__(self, apps: Any, connection: Any) -> None:
        self._apps, self._connection = apps, connection

    def rows(self, model: str) -> Any:
        return self._apps.get_model("jobs", model).objects.using(self._connection.alias).order_by("pk")

    def read(self, rows: Any, *columns: str) -> Iterator[list[_Values]]:
        """Pages of the columns, the key last."""
        last = 0
        while page := list(rows.filter(pk__gt=last).values_list(*columns, "pk")[:_PAGE]):
            yield page
            last = page[-1][-1]

    def write(self, model: str, columns: Sequence[str], pages: Iterator[list[_Values]]) -> None:
        quoted = self._connection.ops.quote_name
        table = quoted(self._apps.get_model("jobs", model)._meta.db_table)
        values = ", ".join(f"{quoted(column)} = %s" for column in columns)
        for page in pages:
            with self._connection.cursor() as cursor:
                cursor.executemany(f"UPDATE {table} SET {values} WHERE id = %s", page)  # noqa: S608  # our names


def _jobs(tables: _Tables) -> Iterator[list[_Values]]:
    columns = ("token", "api_key", "dataset__token", "continues__token", "comparison")
    for page in tables.read(tables.rows("Job"), *columns):
        yield [found for row in page if any((found := _job(*row))[:-1])]


def _job(
    token: str, api_key: int | None, dataset: str | None, continued: str | None, comparison: Any, pk: int
) -> _Values:
    continued = continued or (comparison or {}).get("token")
    own = sealing.key_of_token(token)
    return (
        sealing.seal(token, sealing.site_key()) if api_key else "",
        sealing.seal(dataset, own) if dataset else "",
        sealing.seal(continued, own) if continued else "",
        pk,
    )


def _repeats(tables: _Tables, model: str) -> Iterator[list[_Values]]:
    for page in tables.read(tables.rows(model).exclude(idempotency_key=None), "token", "idempotency_key"):
        yield [
            (tokens.digest(request), sealing.seal(token, sealing.key_of_request(request)), pk)
            for token, request, pk in page
        ]


def _uploads(tables: _Tables) -> Iterator[list[_Values]]:
    for page in tables.read(tables.rows("UploadSession").exclude(dataset=None), "token", "dataset__token"):
        yield [(sealing.seal(dataset, sealing.key_of_token(token)), pk) for token, dataset, pk in page]


def _notices(tables: _Tables) -> Iterator[list[_Values]]:
    for page in tables.read(tables.rows("Notice"), "job__token"):
        yield [(sealing.seal(token, sealing.site_key()), pk) for token, pk in page]


class Migration(migrations.Migration):
    dependencies: ClassVar = [("jobs", "0025_sealed_tokens"), ("modelstore", "0013_deletions_counted")]
    # The models' own tokens are read here.
    run_before: ClassVar = [("modelstore", "0014_no_clear_tokens")]
    # Not to be reversed: the next migration takes the tokens away, and no hash gives one back.
    operations: ClassVar = [migrations.RunPython(seal_tokens)]
