"""Everything that is known of how a model was measured and on which data, as one HTML file that needs nothing else."""

import logging
from dataclasses import dataclass

from django.http import HttpResponse
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.http import content_disposition_header

from modelstore.ground import naming
from modelstore.ground.errors import FlashError
from modelstore.models import TrainedModel
from modelstore.prediction.explanation import Explanation
from modelstore.web.contract import page_of
from modelstore.web.examples import Kept, has_examples, right_and_wrong
from modelstore.web.figures import (
    confused_pairs,
    confusion_rows,
    data_findings,
    reliability_points,
    slices_by_trait,
)
from training.evaluation.collect_words import collect_words
from training.ground.source_words import source_words
from training.ground.used_settings import used_settings
from training.kinds import kind_of

logger = logging.getLogger(__name__)
# Of right and of wrong answers each; explaining one asks the model some fifty times.
_EXPLAINED = 2


@dataclass(frozen=True, slots=True)
class Explained:
    """A sample that was measured on, and which of its parts the answer rests on."""

    sample: Kept
    why: Explanation


def report_response(model: TrainedModel) -> HttpResponse:
    """The file as an attachment; kept by nobody on the way."""
    name = f"{naming.file_stem(model.task_name)}-report.html"
    headers = {
        "Content-Disposition": content_disposition_header(True, name) or "attachment",
        "Cache-Control": "no-store, private",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
    }
    return HttpResponse(report_html(model), content_type="text/html; charset=utf-8", headers=headers)


def report_html(model: TrainedModel) -> str:
    """The file; raises nothing where only the explanations cannot be had."""
    report, kind, score = model.report, kind_of(model.task_type), model.score
    found = report.get("sources")
    return render_to_string(
        "modelstore/report.html",
        {
            "model": model,
            "report": report,
            "kind": kind,
            "made": timezone.now(),
            "model_score": score,
            "test_score": model.test_score,
            "sources": source_words(found, score.name, kind.words.sample, kind.words.samples)
            if found
            else "",
            "epochs": report.get("epochs", []),
            "best_epoch": report.get("best_epoch"),
            "matrix": confusion_rows(model.classes, report.get("confusion", [])),
            "confused": confused_pairs(model.classes, report.get("confusion", [])),
            "reliability": reliability_points(report),
            "findings": data_findings(report, score.name),
            "slices": slices_by_trait(report),
            "collect_words": collect_words(report["collect"], kind.words.samples)
            if report.get("collect")
            else [],
            "settings_used": used_settings(model.manifest.get("config") or {}, kind),
            "explained": _explained(model),
        },
    )


def _explained(model: TrainedModel) -> list[Explained]:
    """Some answers with their reasons, the wrong ones first; fewer where the model cannot be asked."""
    found: list[Explained] = []
    page = page_of(model.task_type)
    try:
        samples = right_and_wrong(model, _EXPLAINED) if has_examples(model) else []
        for sample in samples:
            value = page.kept_input(sample.source, sample.picture)
            if value is not None:
                why = page.explain(model=model, value=value, label=sample.predicted)
                found.append(Explained(sample, why))
    except FlashError:
        logger.info("A report has no explanations: the model cannot be asked.", exc_info=True)
    return found
