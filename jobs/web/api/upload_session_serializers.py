"""What goes over the wire about uploads in pieces."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema_field, extend_schema_serializer
from rest_framework import serializers
from rest_framework.reverse import reverse

from jobs.models import UploadSession
from jobs.resumable import upload_sessions
from jobs.submitting import reading_option_fields
from jobs.web.api.submission_serializers import ACCEPT_GUESSES
from jobs.web.known_fields import KnownFieldsOnly
from modelstore.web.task_field import A_ZIP, TaskField

_UPLOAD = {
    "token": "K7u2dPq9ZsX4cV6bN8mL3j",
    "url": "https://flash.example.org/api/v1/uploads/K7u2dPq9ZsX4cV6bN8mL3j/",
    "name": "cats.zip",
    "task_type": A_ZIP,
    "method": "offset",
    "size": 734003200,
    "offset": 8388608,
    "chunk_size": 8388608,
    "parts": [],
    "expires": "2026-11-21T12:00:00+00:00",
    "dataset_token": None,
}


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "A zip of pictures",
            {"name": "cats.zip", "size": 734003200, "task_type": A_ZIP},
            request_only=True,
        )
    ]
)
class UploadBeginSerializer(KnownFieldsOnly):
    """What is announced."""

    name = serializers.CharField(max_length=255, trim_whitespace=False, help_text="The name of the file.")
    size = serializers.IntegerField(min_value=1, max_value=2**53, help_text="In bytes.")
    task_type = TaskField()
    sha256 = serializers.RegexField(
        r"^[0-9A-Fa-f]{64}\Z",
        required=False,
        trim_whitespace=False,
        help_text="Of the whole file, in hex; checked at the end.",
    )
    direct = serializers.BooleanField(
        required=False, default=True, help_text="Into the bucket, where there is one; else to this server."
    )


@extend_schema_serializer(
    examples=[OpenApiExample("A table", {"input_column": "text", "label_column": "topic"}, request_only=True)]
)
class UploadCompleteSerializer(KnownFieldsOnly):
    """What may be told at the end."""

    sha256 = serializers.RegexField(r"^[0-9A-Fa-f]{64}\Z", required=False, trim_whitespace=False)
    accept_guesses = serializers.BooleanField(required=False, default=False, help_text=ACCEPT_GUESSES)

    def get_fields(self) -> dict[str, Any]:
        """Those above, and the options of reading."""
        return super().get_fields() | reading_option_fields.serializer_fields()


class PartSerializer(serializers.Serializer[Any]):
    number = serializers.IntegerField()
    offset = serializers.IntegerField()
    size = serializers.IntegerField()
    url = serializers.URLField(help_text="PUT exactly these bytes here, without further headers.")


@extend_schema_serializer(examples=[OpenApiExample("Under way", _UPLOAD, response_only=True)])
class UploadSerializer(serializers.ModelSerializer[UploadSession]):
    """Where an upload stands."""

    url = serializers.SerializerMethodField()
    size = serializers.IntegerField(source="size_bytes")
    offset = serializers.SerializerMethodField(help_text="How many bytes have arrived.")
    chunk_size = serializers.IntegerField(
        source="part_bytes", help_text="A suitable size for a piece, in bytes."
    )
    parts = serializers.SerializerMethodField(
        help_text="What is still missing from the bucket, some at a time."
    )
    expires = serializers.SerializerMethodField()
    dataset_token = serializers.SerializerMethodField(help_text="Once it is complete.")

    class Meta:
        model = UploadSession
        fields = (
            "token", "url", "name", "task_type", "method", "size", "offset", "chunk_size", "parts", "expires",
            "dataset_token",
        )  # fmt: skip

    @extend_schema_field(serializers.URLField())
    def get_url(self, session: UploadSession) -> str:
        return reverse("api:upload", args=[session.token], request=self.context.get("request"))

    @extend_schema_field(serializers.IntegerField())
    def get_offset(self, session: UploadSession) -> int:
        return upload_sessions.received(session)

    @extend_schema_field(PartSerializer(many=True))
    def get_parts(self, session: UploadSession) -> Any:
        return PartSerializer(upload_sessions.missing_parts(session), many=True).data

    @extend_schema_field(serializers.DateTimeField())
    def get_expires(self, session: UploadSession) -> str:
        return upload_sessions.expires(session).isoformat()

    @extend_schema_field(serializers.CharField(allow_null=True))
    def get_dataset_token(self, session: UploadSession) -> str | None:
        return session.dataset_token
