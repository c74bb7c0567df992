"""What the rows of a site name: files in storage, and whether there is anything at all."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any

from django.contrib.auth import get_user_model
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import Model, QuerySet, Sum

from jobs.models import BatchPrediction, Checkpoint, Dataset, DatasetSegment, DatasetVersion, Job
from modelstore.bundles import demo_model
from modelstore.ground import files
from modelstore.ground.tokens import digest
from modelstore.models import ApiKey, ModelVersion, SharedPart, TrainedModel
from training.bundle.manifest import MANIFEST_FILE


@dataclass(frozen=True, slots=True)
class Named:
    """Keys of files, and folders that go as a whole."""

    keys: frozenset[str]
    folders: frozenset[str]

    def of(self, name: str) -> bool:
        return name in self.keys or name in self.folders


def named(alias: str = DEFAULT_DB_ALIAS) -> Named:
    """What the rows of this database name; unfinished uploads are no part of it."""
    single: tuple[tuple[type[Model], str], ...] = (
        (Dataset, "file"),
        (BatchPrediction, "file"),
        (Checkpoint, "key"),
        (DatasetSegment, "facts_key"),
        (DatasetSegment, "contents_key"),
        (DatasetVersion, "delta_key"),
        (DatasetVersion, "state_key"),
    )
    whole: tuple[tuple[type[Model], str], ...] = (
        (TrainedModel, "storage_prefix"),
        (ModelVersion, "storage_prefix"),
        (BatchPrediction, "results_prefix"),
    )
    shared = SharedPart.objects.using(alias).needed()
    return Named(
        frozenset(
            chain(
                chain.from_iterable(_column(alias, *column) for column in single),
                (part.key for part in shared),
            )
        ),
        frozenset(
            name.strip("/") for name in chain.from_iterable(_column(alias, *column) for column in whole)
        ),
    )


def _column(alias: str, model: type[Model], column: str) -> Iterator[str]:
    rows = model._default_manager.using(alias).exclude(**{column: ""}).order_by()
    return rows.values_list(column, flat=True).iterator(2000)


def files_in(folder: str) -> list[str]:
    """The keys of a folder that is complete, model.json last; none where there is no such folder."""
    keys = [file.key for file in files.walk(folder) if not file.key.endswith(".partial")]
    return sorted(keys, key=lambda key: (key.endswith(f"/{MANIFEST_FILE}"), key))


def bytes_of_files() -> int:
    """About how large all files are, by what the rows say of them."""
    tables: tuple[type[Model], ...] = (
        TrainedModel, SharedPart, Dataset, DatasetSegment, DatasetVersion, BatchPrediction, Checkpoint,
    )  # fmt: skip
    sums = [model._default_manager.aggregate(total=Sum("size_bytes"))["total"] or 0 for model in tables]
    return int(sum(sums))


def counts(alias: str = DEFAULT_DB_ALIAS) -> dict[str, int]:
    """How much people have put into it; the demo model and the tables' defaults aside. Raises DatabaseError."""
    # None in a database that was never used, fewer in one of an earlier version.
    tables = set(connections[alias].introspection.table_names())
    rows: dict[str, QuerySet[Any]] = {
        "jobs": Job.objects.using(alias),
        "models": TrainedModel.objects.using(alias).exclude(token_digest=digest(demo_model.TOKEN)),
        "datasets": Dataset.objects.using(alias),
        "batches": BatchPrediction.objects.using(alias),
        "accounts": get_user_model()._default_manager.using(alias),
        "API keys": ApiKey.objects.using(alias),
    }
    return {
        name: query.count() if query.model._meta.db_table in tables else 0 for name, query in rows.items()
    }


def in_words(numbers: dict[str, int]) -> str:
    """Such as `jobs: 3, models: 2`; `nothing` where all is 0."""
    return ", ".join(f"{name}: {count:,}" for name, count in numbers.items() if count) or "nothing"
