"""The JSON API of uploads in pieces; `PATCH` and `HEAD` as in the core of tus 1.0 (https://tus.io)."""

import base64
import binascii
from typing import IO, Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework.parsers import BaseParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from jobs.errors import SubmissionInvalid
from jobs.models import UploadSession
from jobs.resumable import upload_sessions
from jobs.submitting import reading_option_fields
from jobs.web.api.datasets import answered
from jobs.web.api.serializers import DatasetSerializer
from jobs.web.api.upload_session_serializers import (
    UploadBeginSerializer,
    UploadCompleteSerializer,
    UploadSerializer,
)
from modelstore.api_keys import KeyAuthentication, ScopeMissing, key_of
from modelstore.ground.errors import FlashError
from modelstore.ground.throttle import caller_of
from modelstore.models import Scope

_PIECE = "application/offset+octet-stream"
_TUS = {"Tus-Resumable": "1.0.0"}


class LengthRequired(FlashError):
    status = 411
    code = "length_required"
    title = "The length is missing"


class PieceParser(BaseParser):
    """Hands the body over unread."""

    media_type = _PIECE

    def parse(self, stream: Any, media_type: Any = None, parser_context: Any = None) -> Any:
        return stream


class _JsonView(APIView):
    """Takes JSON alone, by the parser of the settings."""

    def get_parsers(self) -> list[BaseParser]:
        return [parser for parser in super().get_parsers() if parser.media_type == "application/json"]


class UploadsView(_JsonView):
    """Begins an upload in pieces."""

    # No sessions of the site: the token in the answer is the only key, so nothing could be forged.
    authentication_classes = (KeyAuthentication,)
    throttle_scope = "submit"

    @extend_schema(
        operation_id="begin_upload",
        tags=["uploads"],
        auth=[],
        request=UploadBeginSerializer,
        responses={201: UploadSerializer},
    )
    def post(self, request: Request) -> Response:
        """Announces a large file; the answer says where its pieces go."""
        if (key := key_of(request)) and not key.may(Scope.SUBMIT):
            raise ScopeMissing("This needs a key with the scope `submit`, or no key at all.")
        given = UploadBeginSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        fields = given.validated_data
        session = upload_sessions.begin(
            task_type=fields["task_type"],
            name=fields["name"],
            size=fields["size"],
            sha256=fields.get("sha256", ""),
            direct=fields["direct"],
            caller=caller_of(request),
        )
        answer = UploadSerializer(session, context={"request": request}).data
        return Response(answer, status=201, headers={"Location": answer["url"], **_TUS})


class UploadView(APIView):
    """One upload; the token is the only key."""

    authentication_classes = ()
    parser_classes = (PieceParser,)

    @extend_schema(operation_id="upload", tags=["uploads"], responses={200: UploadSerializer})
    def get(self, request: Request, token: str) -> Response:
        """How much has arrived, and what is missing."""
        session = upload_sessions.get(token)
        return Response(UploadSerializer(session, context={"request": request}).data, headers=_TUS)

    @extend_schema(operation_id="upload_offset", tags=["uploads"], responses={200: None})
    def head(self, request: Request, token: str) -> Response:
        """`Upload-Offset` and `Upload-Length` tell where to go on."""
        session = upload_sessions.get(token)
        return Response(headers={**_offset(upload_sessions.received(session)), **_length(session)})

    @extend_schema(
        operation_id="send_piece",
        tags=["uploads"],
        request={_PIECE: OpenApiTypes.BINARY},
        parameters=[
            OpenApiParameter("Upload-Offset", int, OpenApiParameter.HEADER, required=True),
            OpenApiParameter("Upload-Checksum", str, OpenApiParameter.HEADER, description="sha256 BASE64"),
        ],
        examples=[OpenApiExample("Some bytes", "input,label", media_type=_PIECE, request_only=True)],
        responses={204: None},
    )
    def patch(self, request: Request, token: str) -> Response:
        """The bytes that begin at `Upload-Offset`."""
        session = upload_sessions.get(token)
        offset, sha256 = _announced(request)
        after = upload_sessions.append(session, offset=offset, body=_body(request), sha256=sha256)
        return Response(status=204, headers=_offset(after))

    @extend_schema(operation_id="abandon_upload", tags=["uploads"], responses={204: None})
    def delete(self, request: Request, token: str) -> Response:
        """Gives up; what has arrived is deleted. A dataset made of it stays."""
        upload_sessions.abandon(upload_sessions.get(token))
        return Response(status=204, headers=_TUS)


class UploadCompleteView(_JsonView):
    """The end of an upload; the token is the only key."""

    authentication_classes = ()
    throttle_scope = "submit"

    @extend_schema(
        operation_id="complete_upload",
        tags=["uploads"],
        request=UploadCompleteSerializer,
        responses={201: DatasetSerializer},
    )
    def post(self, request: Request, token: str) -> Response:
        """Checks size, checksum and content, and answers the dataset; repeated, the same one."""
        session = upload_sessions.get(token)
        given = UploadCompleteSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        fields = given.validated_data
        dataset = upload_sessions.complete(
            session, sha256=fields.get("sha256", ""), options=reading_option_fields.chosen(fields)
        )
        return answered(dataset, accept_guesses=fields["accept_guesses"], status=201)


def _offset(value: int) -> dict[str, str]:
    return {"Upload-Offset": str(value), "Cache-Control": "no-store", **_TUS}


def _length(session: UploadSession) -> dict[str, str]:
    return {"Upload-Length": str(session.size_bytes)}


def _announced(request: Request) -> tuple[int, bytes | None]:
    """Offset and SHA-256 from the headers of a piece."""
    offset = request.headers.get("Upload-Offset", "")
    if not (offset.isascii() and offset.isdecimal() and len(offset) < 20):
        message = ["Say where the piece begins, in bytes."]
        raise SubmissionInvalid("The header Upload-Offset is missing.", fields={"Upload-Offset": message})
    kind, _, digest = request.headers.get("Upload-Checksum", "").partition(" ")
    if not kind:
        return int(offset), None
    try:
        sha256 = base64.b64decode(digest, validate=True)
    except (binascii.Error, ValueError):
        sha256 = b""
    if kind != "sha256" or len(sha256) != 32:
        message = ["Give `sha256` and the checksum in base64."]
        raise SubmissionInvalid("The checksum cannot be read.", fields={"Upload-Checksum": message})
    return int(offset), sha256


def _body(request: Request) -> IO[bytes]:
    if not (request.META.get("CONTENT_LENGTH") or "").isdecimal():
        raise LengthRequired("Send the piece with a Content-Length.")
    body: Any = request.data
    if not hasattr(body, "read"):
        raise SubmissionInvalid("The piece is empty.", fields={"body": ["Send at least one byte."]})
    stream: IO[bytes] = body
    return stream
