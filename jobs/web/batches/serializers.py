"""What goes over the wire about batches."""

from typing import Any

from django.conf import settings
from drf_spectacular.utils import OpenApiExample, extend_schema_field, extend_schema_serializer
from rest_framework import serializers
from rest_framework.reverse import reverse

from jobs.batches.downloads import formats_of
from jobs.batches.options import FRAMES_PER_SECOND, TOP_K, BatchOptions
from jobs.models import BatchPrediction
from jobs.states import BatchStatus
from modelstore.models import CleanupPolicy

_DEFAULTS = BatchOptions()
_EXAMPLE = {
    "token": "b4Tc0pyM3T0someWhereSafe",
    "url": "https://flash.example/api/v1/models/TOKEN/batches/BATCH/",
    "kind": "pictures",
    "name": "holiday.zip",
    "status": "done",
    "progress": 1.0,
    "total": 1200,
    "done": 1200,
    "bad": 3,
    "counts": {"cat": 700, "dog": 497},
    "eta_seconds": None,
    "queue_position": None,
    "error": "",
    "results": {
        "xlsx": "https://flash.example/api/v1/models/TOKEN/batches/BATCH/results/?format=xlsx",
        "csv": "https://flash.example/api/v1/models/TOKEN/batches/BATCH/results/?format=csv",
    },
    "summary": {},
    "options": {"top_k": 5, "frames_per_second": 1.0, "input_column": None},
    "created": "2026-01-02T03:04:05Z",
    "started": "2026-01-02T03:04:06Z",
    "finished": "2026-01-02T03:05:06Z",
    "expires": "2026-01-02T05:04:05Z",
}


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "A zip of pictures", {"file": "holiday.zip", "top_k": 3}, media_type="multipart/form-data"
        )
    ]
)
class BatchRequestSerializer(serializers.Serializer[Any]):
    """One file. For the schema; jobs/batches/options.py reads the rest."""

    file = serializers.FileField(
        help_text="Pictures in a zip or a video; or a table (CSV, TSV, JSON Lines, Parquet) or text file of sentences."
    )
    top_k = serializers.IntegerField(
        required=False, min_value=TOP_K[0], max_value=TOP_K[1], default=_DEFAULTS.top_k
    )
    frames_per_second = serializers.FloatField(
        required=False,
        min_value=FRAMES_PER_SECOND[0],
        max_value=FRAMES_PER_SECOND[1],
        default=_DEFAULTS.frames_per_second,
        help_text="For a video: how many frames of each second are used.",
    )
    input_column = serializers.CharField(
        required=False, allow_blank=True, help_text="For a table: the column with the sentences."
    )


class RowSerializer(serializers.ModelSerializer[BatchPrediction]):
    """What batches and measurements have in common; needs `request` in its context, and the row its model.

    `page` is the name of the row's own address, which begins that of its results.
    """

    page: str
    url = serializers.SerializerMethodField()
    queue_position = serializers.IntegerField(allow_null=True, help_text="1: the next one.")
    results = serializers.SerializerMethodField(help_text="Addresses of the files; null until it is done.")
    expires = serializers.SerializerMethodField(help_text="When the results go; null: not known yet.")

    @extend_schema_field(serializers.URLField())
    def get_url(self, batch: BatchPrediction) -> str:
        return self._address(f"api:{self.page}", batch)

    @extend_schema_field(serializers.DictField(child=serializers.URLField(), allow_null=True))
    def get_results(self, batch: BatchPrediction) -> dict[str, str] | None:
        if batch.status != BatchStatus.DONE:
            return None
        address = self._address(f"api:{self.page}-results", batch)
        return {format: f"{address}?format={format}" for format in formats_of(batch)}

    @extend_schema_field(serializers.DateTimeField(allow_null=True))
    def get_expires(self, batch: BatchPrediction) -> Any:
        expires = batch.expires(CleanupPolicy.current(), settings.FLASH_BATCH_RETENTION)
        return None if expires is None else serializers.DateTimeField().to_representation(expires)

    def _address(self, name: str, batch: BatchPrediction) -> str:
        assert batch.model is not None
        return str(reverse(name, args=[batch.model.token, batch.token], request=self.context["request"]))


@extend_schema_serializer(examples=[OpenApiExample("Done", _EXAMPLE, response_only=True)])
class BatchSerializer(RowSerializer):
    """A batch."""

    page = "batch"
    counts = serializers.DictField(
        child=serializers.IntegerField(), help_text="How many items got which label."
    )
    summary = serializers.DictField(help_text="For a video: its timeline.")
    options = serializers.DictField()

    class Meta:
        model = BatchPrediction
        fields = tuple(_EXAMPLE)
        read_only_fields = fields
