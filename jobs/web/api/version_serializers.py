"""What goes over the wire about versions of datasets."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema_field, extend_schema_serializer
from rest_framework import serializers
from rest_framework.reverse import reverse

from jobs.datasets.versions.edits import MOST
from jobs.models import DatasetVersion
from jobs.web.api.serializers import ClassCountSerializer
from jobs.web.known_fields import KnownFieldsOnly
from modelstore.web.task_field import A_TABLE

_ID = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
_VERSION = {
    "number": 2,
    "kind": "extension",
    "name": "",
    "pinned": False,
    "author": "nightly import",
    "reason": "",
    "created": "2026-11-20T09:00:00Z",
    "restored": None,
    "sample_count": 402,
    "classes": [{"label": "complaint", "count": 201}, {"label": "question", "count": 201}],
    "added": 2,
    "removed": 0,
    "relabelled": 1,
    "by_class": {"complaint": [1, 1], "question": [2, 0]},
}


@extend_schema_serializer(examples=[OpenApiExample("A version", _VERSION, response_only=True)])
class VersionSerializer(serializers.ModelSerializer[DatasetVersion]):
    """What a dataset was after one change, and what that change was against the version before."""

    classes = ClassCountSerializer(many=True)
    by_class = serializers.DictField(
        child=serializers.ListField(child=serializers.IntegerField()),
        help_text="Of each class that changed: how many samples came to it, how many it lost.",
    )

    class Meta:
        model = DatasetVersion
        fields = tuple(_VERSION)
        read_only_fields = fields


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "A dataset with versions",
            {
                "token": "uq0cZcJ0yE0pYk3zq7H2aB",
                "name": "messages.csv",
                "task_type": A_TABLE,
                "head": 2,
                "created": "2026-11-20T08:00:00Z",
                "url": "http://localhost:8000/api/v1/versions/uq0cZcJ0yE0pYk3zq7H2aB/",
                "version": _VERSION,
            },
            response_only=True,
        )
    ]
)
class VersionedDatasetSerializer(serializers.Serializer[DatasetVersion]):
    """A dataset of which versions are kept, and one of them; made of the version."""

    token = serializers.CharField(
        source="dataset.token", help_text="Opens all versions; extend_dataset takes it."
    )
    name = serializers.CharField(source="dataset.name")
    task_type = serializers.CharField(source="dataset.task_type")
    head = serializers.IntegerField(source="dataset.head", help_text="The number of its newest version.")
    created = serializers.DateTimeField(source="dataset.created")
    url = serializers.SerializerMethodField()
    version = serializers.SerializerMethodField()

    @extend_schema_field(serializers.URLField())
    def get_url(self, version: DatasetVersion) -> str:
        address: str = reverse(
            "api:versions", args=[version.dataset.token], request=self.context.get("request")
        )
        return address

    @extend_schema_field(VersionSerializer)
    def get_version(self, version: DatasetVersion) -> Any:
        return VersionSerializer(version).data


@extend_schema_serializer(
    examples=[OpenApiExample("With a reason", {"reason": "As it came from the shop."}, request_only=True)]
)
class KeepVersionsSerializer(KnownFieldsOnly):
    """How the first version is made."""

    reason = serializers.CharField(required=False, default="", max_length=500, allow_blank=True)
    times = serializers.DictField(
        child=serializers.DateTimeField(),
        required=False,
        default=dict,
        help_text="Event times of samples, by id (SHA-256 of the content, in hex) or name.",
    )


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "What came on Monday",
            {"dataset_token": "uq0cZcJ0yE0pYk3zq7H2aB", "times": {_ID: "2026-11-20T07:30:00Z"}},
            request_only=True,
        )
    ]
)
class AddSerializer(KeepVersionsSerializer):
    """Data that is added."""

    dataset_token = serializers.CharField(help_text="Of a checked upload of the same kind.")


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "Two labels are corrected", {"relabel": {_ID: "question"}, "reason": "checked by hand"}
        ),
        OpenApiExample("An earlier version comes back", {"restore": 1}),
    ]
)
class ChangeSerializer(KnownFieldsOnly):
    """One change; it makes a new version. Name samples by their ids."""

    relabel = serializers.DictField(
        child=serializers.JSONField(),
        required=False,
        default=dict,
        help_text=f"Of each sample its new label, or a list of labels where it may have several; at most {MOST:,}.",
    )
    leave_out = serializers.ListField(child=serializers.CharField(), required=False, default=list)
    restore = serializers.IntegerField(
        required=False, min_value=1, max_value=2**31 - 1, help_text="The number of a version; alone."
    )
    reason = serializers.CharField(required=False, default="", max_length=500, allow_blank=True)


@extend_schema_serializer(
    examples=[
        OpenApiExample("Named and kept", {"name": "before the storm", "pinned": True}, request_only=True)
    ]
)
class VersionChangeSerializer(KnownFieldsOnly):
    """What may be said of a version afterwards."""

    name = serializers.CharField(required=False, allow_blank=True, max_length=200)
    pinned = serializers.BooleanField(required=False, help_text="Kept though no model needs it.")


class SampleSerializer(serializers.Serializer[Any]):
    """A sample of a version."""

    id = serializers.CharField(help_text="The SHA-256 of its content, in hex.")
    label = serializers.JSONField(help_text="A list where samples may have several.")  # type: ignore[assignment]
    name = serializers.CharField(help_text="What its file was called; empty for rows of a table.")
    split = serializers.CharField()
    source = serializers.CharField()  # type: ignore[assignment]  # the wire has the same word as the base class
    time = serializers.DateTimeField(allow_null=True, help_text="Its event time.")


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "The first sample",
            {
                "version": _VERSION,
                "total": 402,
                "classes": _VERSION["classes"],
                "samples": [
                    {"id": _ID, "label": "question", "name": "", "split": "", "source": "", "time": None}
                ],
            },
            response_only=True,
        )
    ]
)
class ManifestSerializer(serializers.Serializer[Any]):
    """Some samples of a version, in its order, and how many there are in all."""

    version = VersionSerializer()
    total = serializers.IntegerField()
    classes = ClassCountSerializer(many=True)
    samples = SampleSerializer(many=True)


class ShownSerializer(serializers.Serializer[Any]):
    """A sample that differs."""

    id = serializers.CharField()
    name = serializers.CharField()
    before = serializers.JSONField(help_text="Its label there; null: it was not there.")
    after = serializers.JSONField(help_text="Its label here; null: it is not there.")
    text = serializers.CharField(required=False, help_text="The beginning of a text.")


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "One sample was relabelled",
            {
                "earlier": 1,
                "later": 2,
                "added": 0,
                "removed": 0,
                "relabelled": 1,
                "by_class": {"complaint": [0, 1], "question": [1, 0]},
                "shown": [
                    {
                        "id": _ID,
                        "name": "",
                        "before": "complaint",
                        "after": "question",
                        "text": "Where is it?",
                    }
                ],
            },
            response_only=True,
        )
    ]
)
class DifferenceSerializer(serializers.Serializer[Any]):
    """What leads from one version to another."""

    earlier = serializers.IntegerField(source="earlier.number")
    later = serializers.IntegerField(source="later.number")
    added = serializers.IntegerField()
    removed = serializers.IntegerField()
    relabelled = serializers.IntegerField()
    by_class = serializers.DictField(child=serializers.ListField(child=serializers.IntegerField()))
    shown = ShownSerializer(many=True)


class LearnerSerializer(serializers.Serializer[Any]):
    """A model that learnt from a sample that is gone now."""

    number = serializers.IntegerField()
    name = serializers.CharField()
    version = serializers.IntegerField()
    trained = serializers.DateTimeField(allow_null=True)


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "One model learnt from it",
            {
                "learnt_by": [
                    {"number": 17, "name": "messages", "version": 1, "trained": "2026-11-20T09:05:00Z"}
                ]
            },
            response_only=True,
        )
    ]
)
class DeletedSerializer(serializers.Serializer[Any]):
    """What is left to do after a sample was deleted: these models still know of it."""

    learnt_by = LearnerSerializer(many=True)
