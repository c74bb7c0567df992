"""What the page of a model shows."""

from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from modelstore.bundles import shared_parts
from modelstore.bundles.code_files import why_no_code
from modelstore.bundles.standalone_files import reads_in_browser, standalone_bytes
from modelstore.downloads import file_responses
from modelstore.lifetime.owner_actions import longest_expiry
from modelstore.models import CleanupPolicy, TrainedModel
from modelstore.web.contract import page_of
from modelstore.web.demo import examples_for
from modelstore.web.examples import has_examples
from modelstore.web.figures import (
    confused_pairs,
    confusion_rows,
    data_findings,
    reliability_points,
    slices_by_trait,
    suggested_threshold,
    threshold_row,
)
from modelstore.web.forms import PredictForm, ThresholdForm
from training.evaluation.collect_words import collect_words
from training.ground.source_words import source_words
from training.ground.used_settings import used_settings
from training.kinds import Words, kind_of
from training.search.folding import measured_words

_FORMAT_WORDS = {
    "onnx": ("ONNX", "Runs nearly everywhere, with everything inside."),
    "pytorch": ("PyTorch", "The weights as a state dict, for further training."),
    "safetensors": ("safetensors", "The same weights, in a format that cannot run code."),
    "code": (
        "Code",
        "A script and a notebook that train this model again with plain PyTorch, without Flash.",
    ),
    "web": (
        "Page",
        "Predicts in any browser, without a network: unpack the zip and open index.html.",
    ),
    "bundle": (
        "Everything",
        "A zip that works without Flash: it predicts by program{}, and proves its accuracy.",
    ),
}


def context(request: HttpRequest, model: TrainedModel, form: PredictForm | None = None) -> dict[str, Any]:
    """All that templates/modelstore/model.html needs; `form` has what was posted."""
    report, policy = model.report, CleanupPolicy.current()
    kind, score = kind_of(model.task_type), model.score
    samples = reverse("model-examples", args=[model.token]) if has_examples(model) else ""
    config = model.manifest.get("config") or {}
    asked = ThresholdForm(request.GET)
    threshold = asked.value() if asked.is_valid() else None
    return {
        "model": model,
        "report": report,
        "form": form or page_of(kind.task).Form(initial={"threshold": threshold and round(100 * threshold)}),
        "kind": kind,
        "has_job": hasattr(model, "job"),
        "expires": model.expires(policy),
        "extendable": longest_expiry(model, policy, timezone.now()),
        "model_score": score,
        "percentage": score.kind.percentage,
        "interval": score.interval and score.interval[1] - score.interval[0],
        "measured_in": measured_words(report, kind.words.samples),
        "sources": _sources(report, score.name, kind.words),
        "test_score": model.test_score,
        "test_interval": model.test_score and model.test_score.interval,
        "commonest": _commonest(report),
        "epochs": report.get("epochs", []),
        "best_epoch": report.get("best_epoch"),
        "curve_words": kind.curve_words(config),
        "matrix": confusion_rows(model.classes, report.get("confusion", []), samples),
        "confused": confused_pairs(model.classes, report.get("confusion", []), samples),
        "findings": data_findings(report, score.name),
        "slices": slices_by_trait(report),
        "collect": report.get("collect"),
        "collect_words": _collect_words(report, kind.words),
        "has_examples": bool(samples),
        "reliability": reliability_points(report),
        "many": model.label_thresholds is not None,
        "thresholds": report.get("thresholds", []),
        "chosen": threshold_row(report, suggested_threshold(report) if threshold is None else threshold),
        "outside": report.get("outside"),
        "settings_used": used_settings(_config(config, report), kind),
        "downloads": _downloads(model),
        "examples": examples_for(model),
        "no_code": why_no_code(model),
        "predict_url": request.build_absolute_uri(reverse("api:model-predict", args=[model.token])),
    }


def _sources(report: dict[str, Any], score: str, words: Words) -> str:
    found = report.get("sources")
    return source_words(found, score, words.sample, words.samples) if found else ""


def _collect_words(report: dict[str, Any], words: Words) -> list[str]:
    found = report.get("collect")
    return collect_words(found, words.samples) if found else []


def _commonest(report: dict[str, Any]) -> str:
    """The label of which the validation part has most."""
    rows = report.get("per_class") or [{"label": "", "support": 0}]
    return str(max(rows, key=lambda row: row["support"])["label"])


def _config(config: dict[str, Any], report: dict[str, Any]) -> dict[str, Any]:
    """The recipe as it turned out: a trainer may add an epoch to those that were asked for, and keep that one."""
    if not config.get("epochs"):
        return config
    return {**config, "epochs": max(config["epochs"], *(row["epoch"] for row in report.get("epochs", [])), 0)}


def _whole_bytes(model: TrainedModel) -> int:
    """About how large a bundle is that leaves: it has what others have, too, and works alone."""
    return model.size_bytes + shared_parts.shared_bytes(model.manifest) + standalone_bytes(model)


def _downloads(model: TrainedModel) -> list[dict[str, Any]]:
    """What may be taken away: format, words for it, and its size in bytes, None where it is made on demand."""
    if not model.downloadable:
        return []
    files = model.manifest.get("files", {})
    sizes = {
        name: files[file]["bytes"] for name, file in file_responses.FORMATS.items() if file and file in files
    }
    sizes[file_responses.BUNDLE] = _whole_bytes(model)
    if not why_no_code(model):
        sizes[file_responses.CODE] = None
    on_a_page = ""
    if reads_in_browser(model):
        sizes[file_responses.WEB] = standalone_bytes(model)
        on_a_page = ", or on a page in any browser"
    return [
        {"format": name, "title": title, "words": words.format(on_a_page), "size": sizes[name]}
        for name, (title, words) in _FORMAT_WORDS.items()
        if name in sizes
    ]
