"""The page of a model: how good it is, predictions, downloads."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from modelstore import downloads
from modelstore.access import get_model
from modelstore.errors import FlashError
from modelstore.figures import confused_pairs, confusion_rows, data_findings
from modelstore.forms import PicturesForm, SentencesForm
from modelstore.models import CleanupPolicy, TrainedModel
from modelstore.models.trained_model import TaskType
from modelstore.outcomes import predict_each
from modelstore.throttle import limited

_FORMAT_WORDS = {
    "onnx": ("ONNX", "Runs nearly everywhere, with everything inside."),
    "pytorch": ("PyTorch", "The weights as a state dict, to go on training."),
    "safetensors": ("safetensors", "The same weights, in a format that cannot run code."),
    "bundle": ("Everything", "A zip with all files, the report and the labels."),
}
_CONFIG_WORDS = {
    "preset": "Preset",
    "pretrained": "Started from ImageNet",
    "optimizer": "Optimizer",
    "learning_rate": "Learning rate",
    "batch_size": "Batch size",
    "epochs": "Epochs at most",
    "data_split": "Share for training",
    "augmentation": "Variation of pictures",
    "seed": "Seed",
    "device": "Device",
}


@require_safe
def model(request: HttpRequest, token: str) -> HttpResponse:
    found = get_model(token)
    return render(request, "modelstore/model.html", _context(request, found, _form_for(found)()))


@require_http_methods(["GET", "HEAD", "POST"])
@limited("predict")
def model_predict(request: HttpRequest, token: str) -> HttpResponse:
    """Predicts what was posted: the list alone for the page's script, else the whole page with it."""
    found = get_model(token)
    if request.method != "POST":
        return render(request, "modelstore/model.html", _context(request, found, _form_for(found)()))
    form = _form_for(found)(request.POST, request.FILES)
    context: dict[str, Any] = {"form": form, "is_image": found.task_type == TaskType.IMAGE}
    status = 200
    if form.is_valid():
        inputs, names = form.inputs()
        try:
            context["outcomes"] = predict_each(model=found, inputs=inputs, names=names)
        except FlashError as error:
            context["refusal"], status = error, error.status
    else:
        status = 400
    if request.headers.get("X-Part") == "predictions":
        return render(request, "modelstore/predictions.html", context, status=status)
    return render(request, "modelstore/model.html", _context(request, found, form) | context, status=status)


@require_safe
def model_download(request: HttpRequest, token: str) -> HttpResponseBase:
    found = get_model(token)
    return downloads.respond(model=found, format=request.GET.get("format", "onnx"))


def _form_for(model: TrainedModel) -> type[PicturesForm] | type[SentencesForm]:
    return PicturesForm if model.task_type == TaskType.IMAGE else SentencesForm


def _context(request: HttpRequest, model: TrainedModel, form: PicturesForm | SentencesForm) -> dict[str, Any]:
    report = model.report
    return {
        "model": model,
        "report": report,
        "form": form,
        "is_image": model.task_type == TaskType.IMAGE,
        "has_job": hasattr(model, "job"),
        "expires": model.expires(CleanupPolicy.current()),
        "interval": model.accuracy_high - model.accuracy_low,
        "commonest": _commonest(report),
        "epochs": report.get("epochs", []),
        "best_epoch": report.get("best_epoch"),
        "matrix": confusion_rows(model.classes, report.get("confusion", [])),
        "confused": confused_pairs(model.classes, report.get("confusion", [])),
        "findings": data_findings(report),
        "things": "pictures" if model.task_type == TaskType.IMAGE else "sentences",
        "source_title": "Picture" if model.task_type == TaskType.IMAGE else "Sentence",
        "settings_used": _settings_used(model.manifest.get("config") or {}),
        "downloads": _downloads(model),
        "predict_url": request.build_absolute_uri(reverse("api:model-predict", args=[model.token])),
    }


def _commonest(report: dict[str, Any]) -> str:
    """The label of which the validation part has most."""
    rows = report.get("per_class") or [{"label": "", "support": 0}]
    return str(max(rows, key=lambda row: row["support"])["label"])


def _settings_used(config: dict[str, Any]) -> list[tuple[str, Any]]:
    words = {True: "yes", False: "no", None: "–"}
    return [
        (
            title,
            words.get(config[name], config[name]) if isinstance(config[name], bool | None) else config[name],
        )
        for name, title in _CONFIG_WORDS.items()
        if name in config
    ]


def _downloads(model: TrainedModel) -> list[dict[str, Any]]:
    """What may be taken away: format, words for it, and its size in bytes where it is known."""
    if not model.downloadable:
        return []
    files = model.manifest.get("files", {})
    sizes = {
        name: model.size_bytes if file is None else files.get(file, {}).get("bytes")
        for name, file in downloads.FORMATS.items()
    }
    return [
        {"format": name, "title": title, "words": words, "size": sizes[name]}
        for name, (title, words) in _FORMAT_WORDS.items()
        if sizes.get(name)
    ]
