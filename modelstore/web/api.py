"""The JSON API of models: whoever has the token may look, predict and, where allowed, download."""

from typing import Any

from django.conf import settings
from django.db.models import F, QuerySet
from django.http import HttpResponseBase
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.generics import ListAPIView
from rest_framework.parsers import BaseParser, FormParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from modelstore.access import get_model, served_model
from modelstore.api_keys import ForReaders, is_operator, key_of
from modelstore.downloads import file_responses
from modelstore.ground import throttle
from modelstore.ground.pagination import PageInvalid, Pages
from modelstore.lifetime import owner_actions
from modelstore.models import CleanupPolicy, TrainedModel
from modelstore.prediction import explanation, predict_request
from modelstore.prediction.inputs import TooManyInputs
from modelstore.prediction.predict_request import PredictRequest, own_thresholds
from modelstore.prediction.predictor import predict
from modelstore.web.contract import page_of
from modelstore.web.predict_serializers import PredictFilesSerializer, PredictJsonSerializer
from modelstore.web.report_file import report_response
from modelstore.web.serializers import (
    ModelSerializer,
    ModelSummarySerializer,
    PredictionsSerializer,
    ProblemSerializer,
)
from training.ground.limits import MIB
from training.kinds import KINDS

# Pictures lie on the disk while a request is read; JSON lies in memory.
_MAX_FILES_BYTES = 512 * MIB


def problem(description: str) -> OpenApiResponse:
    return OpenApiResponse(ProblemSerializer, description=description)


GONE = {404: problem("model_not_found"), 410: problem("model_expired")}
STORAGE = {503: problem("model_damaged, storage_unavailable")}


class TokenView(APIView):
    """The token is the only key; nothing of the answer may be kept on its way."""

    authentication_classes = ()

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        final = super().finalize_response(request, response, *args, **kwargs)
        final.headers["Cache-Control"] = "no-store, private"
        final.headers["Referrer-Policy"] = "no-referrer"
        return final


class ModelsView(ListAPIView):
    """Lists models to whoever has a key."""

    permission_classes = (ForReaders,)
    serializer_class = ModelSummarySerializer
    pagination_class = Pages
    queryset: QuerySet[TrainedModel] = TrainedModel.objects.none()

    @extend_schema(
        operation_id="models",
        tags=["models"],
        parameters=[OpenApiParameter("task_type", str, enum=list(KINDS))],
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """The live models of jobs sent with this key, newest first; with `operate` or signed in, all, but no tokens."""
        return super().get(request, *args, **kwargs)

    def get_serializer_context(self) -> dict[str, Any]:
        return {**super().get_serializer_context(), "policy": self._policy}

    def get_queryset(self) -> QuerySet[TrainedModel]:
        self._policy = CleanupPolicy.current()
        models = TrainedModel.objects.live(timezone.now(), self._policy).only(*ModelSummarySerializer.COLUMNS)
        models = models.annotate(sent_with=F("job__api_key"), sealed_token=F("job__sealed_token"))
        if (task := self.request.query_params.get("task_type")) is not None:
            if task not in KINDS:
                message = f"Choose one of: {', '.join(KINDS)}."
                raise PageInvalid(f"`task_type` cannot be used. {message}", fields={"task_type": [message]})
            models = models.filter(task_type=task)
        if is_operator(self.request):
            return models
        return models.filter(job__api_key=key_of(self.request))


class ModelView(TokenView):
    """One model."""

    @extend_schema(operation_id="model", tags=["models"], responses={200: ModelSerializer, **GONE})
    def get(self, request: Request, token: str) -> Response:
        """What is known of a model: classes, accuracy with its 95 % interval, curves, when it expires."""
        return Response(_told(request, get_model(token)))

    @extend_schema(
        operation_id="model_delete",
        tags=["models"],
        responses={
            204: None,
            403: problem("not_deletable: an operator pinned it"),
            409: problem(
                "still_training: the end of its training would bring another one; cancel that first"
            ),
            **GONE,
        },
    )
    def delete(self, request: Request, token: str) -> Response:
        """Deletes a model and its files at once; whoever has the token may. It answers 410 from then on."""
        owner_actions.delete(model=get_model(token))
        return Response(status=204)


class ModelExtendView(TokenView):
    """The life of one model."""

    @extend_schema(
        operation_id="model_extend",
        tags=["models"],
        request=None,
        responses={200: ModelSerializer, 409: problem("not_extendable"), **GONE},
    )
    def post(self, request: Request, token: str) -> Response:
        """Lets it live for another retention time from now, but not beyond what the operator allows."""
        model = get_model(token)
        owner_actions.extend(model=model)
        return Response(_told(request, model))


class ModelPredictView(TokenView):
    """Predictions of one model."""

    throttle_scope = "predict"

    def get_parsers(self) -> list[BaseParser]:
        return [parser for parser in super().get_parsers() if not isinstance(parser, FormParser)]

    @extend_schema(
        operation_id="predict",
        tags=["models"],
        request={"multipart/form-data": PredictFilesSerializer, "application/json": PredictJsonSerializer},
        responses={
            200: PredictionsSerializer,
            400: problem("inputs_invalid, parse_error: `errors` names the input, counted from 0"),
            413: problem("too_many_inputs, input_too_large"),
            415: problem("input_unsupported, unsupported_media_type"),
            422: problem("input_unreadable"),
            **GONE,
            **STORAGE,
        },
    )
    def post(self, request: Request, token: str) -> Response:
        """Labels with probabilities for one input or many, in their order."""
        model = served_model(token)
        asked = _read(request, model)
        if asked.threshold is not None and model.label_thresholds is not None:
            raise own_thresholds()
        found = predict(
            model=model,
            inputs=asked.inputs,
            top_k=asked.top_k,
            names=asked.names,
            spend=throttle.spend_of(throttle.caller_of(request)),
        )
        answers = found.to_json()
        if asked.threshold is not None:
            for answer, prediction in zip(answers, found, strict=True):
                answer["unsure"] = prediction.probability < asked.threshold
        if asked.explain:
            page = page_of(model.task_type)
            for answer, value in zip(answers, asked.inputs, strict=True):
                why = page.explain(model=model, value=value, label=answer["label"])
                answer["explanation"] = explanation.on_the_wire(why)
        return Response({"predictions": answers})


class ModelDownloadView(TokenView):
    """The files of one model."""

    @extend_schema(
        operation_id="download",
        tags=["models"],
        parameters=[OpenApiParameter("format", str, enum=list(file_responses.FORMATS), default="onnx")],
        responses={
            (200, "application/octet-stream"): OpenApiTypes.BINARY,
            (200, "application/zip"): OpenApiTypes.BINARY,
            302: OpenApiResponse(description="The file is in a bucket; `Location` is good for two minutes."),
            400: problem("format_unknown"),
            403: problem("not_downloadable"),
            **GONE,
            404: problem("model_not_found, file_not_found: there is no code for this model"),
            **STORAGE,
        },
    )
    def get(self, request: Request, token: str) -> HttpResponseBase:
        """The model as one file, or `format=bundle`: a zip of all its files.

        With `format=code` it is a zip of a script and a notebook that train it again with plain PyTorch.
        """
        model = get_model(token)
        chosen = request.query_params.get("format", "onnx")
        return file_responses.respond(model=model, format=chosen)

    def perform_content_negotiation(self, request: Request, force: bool = False) -> Any:
        # `?format=` names the file here, not the renderer of the answer.
        return self.get_renderers()[0], self.get_renderers()[0].media_type


class ModelAccuracyPlotView(TokenView):
    """The accuracy plot of one model."""

    @extend_schema(
        operation_id="accuracy_plot",
        tags=["models"],
        responses={(200, "image/svg+xml"): OpenApiTypes.BINARY, **GONE, **STORAGE},
    )
    def get(self, request: Request, token: str) -> HttpResponseBase:
        """Accuracy over the epochs as an SVG picture."""
        plot = file_responses.open_accuracy_plot(model=get_model(token))
        return file_responses.download_response(plot, inline=True)

    def perform_content_negotiation(self, request: Request, force: bool = False) -> Any:
        # A browser's <img> accepts pictures only; problems are told in JSON all the same.
        return self.get_renderers()[0], self.get_renderers()[0].media_type


class ModelReportView(TokenView):
    """The report of one model."""

    # Its explanations are predictions.
    throttle_scope = "predict"

    @extend_schema(
        operation_id="model_report",
        tags=["models"],
        responses={(200, "text/html"): OpenApiTypes.STR, **GONE},
    )
    def get(self, request: Request, token: str) -> HttpResponseBase:
        """All that is known of how the model was measured and on which data, as one HTML file that needs no network."""
        return report_response(get_model(token))

    def perform_content_negotiation(self, request: Request, force: bool = False) -> Any:
        # It is a file, whatever the caller accepts.
        return self.get_renderers()[0], self.get_renderers()[0].media_type


def _read(request: Request, model: TrainedModel) -> PredictRequest:
    files = request.content_type.startswith("multipart/")
    most = _MAX_FILES_BYTES if files else settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    # Django answers 0 for a length that is missing or no number, and then reads no body either.
    if int(request.META.get("CONTENT_LENGTH") or 0) > most:
        hint = "fewer pictures" if files else "fewer inputs, or pictures as multipart files"
        raise TooManyInputs(f"The request is larger than {most / MIB:.0f} MB: send {hint} at a time.")
    limits = settings.FLASH_LIMITS
    if files:
        data = request.data
        return predict_request.read_files(data, request.FILES, task_type=model.task_type, limits=limits)
    return predict_request.read_json(request.data, task_type=model.task_type, limits=limits)


def _told(request: Request, model: TrainedModel) -> Any:
    return ModelSerializer(model, context={"request": request, "policy": CleanupPolicy.current()}).data
