"""Figures and states as people say them."""

from typing import Any

from django import template

from jobs.models import Job
from jobs.money.estimates import Range
from jobs.states import RUNNING, JobStatus
from training.evaluation.collect_words import signed_points
from training.kinds import CATALOG
from training.score import SCORES, Score, show

register = template.Library()

# Below so many seconds an estimate is told in steps of so many.
_STEPS = ((60, 5), (300, 30), (3600, 60), (float("inf"), 300))

_KINDS = {
    JobStatus.DEPLOYED: "done",
    JobStatus.FAILED: "bad",
    JobStatus.QUEUED: "wait",
    JobStatus.CANCELLED: "off",
}
_STATES = {
    JobStatus.QUEUED: "waiting",
    JobStatus.STARTING: "starting",
    JobStatus.TRAINING: "training",
    JobStatus.DEPLOYING: "almost ready",
    JobStatus.DEPLOYED: "ready",
    JobStatus.FAILED: "failed",
    JobStatus.CANCELLED: "cancelled",
}
_PHASES = {
    "folds": "Measuring in folds",
    "preparing": "Reading and preparing the data",
    "training": "Training",
    "evaluating": "Measuring how good it is",
    "exporting": "Writing the model's files",
    "deploying": "Storing the model",
}


@register.filter
def percent(share: Any) -> str:
    """0.974 as 97.4 %; a dash for nothing."""
    if not isinstance(share, int | float):
        return "–"
    return f"{100 * share:.1f}\N{NO-BREAK SPACE}%".replace(".0\N{NO-BREAK SPACE}", "\N{NO-BREAK SPACE}")


@register.filter
def percent_points(share: float) -> str:
    """0.021 as +2.1, a difference in percentage points."""
    return signed_points(share)


@register.filter
def percent_number(share: Any) -> str:
    """0.974 as 97.4, for places that draw the sign themselves."""
    return percent(share).split("\N{NO-BREAK SPACE}")[0]


@register.filter
def score(of: Score | None) -> str:
    """A score as its kind is written: 97.4 %, 0.482; a dash for nothing."""
    return "–" if of is None else score_value(of.value, of.name)


@register.filter
def score_value(value: Any, name: str) -> str:
    """A bare value of the score of this name, as that is written."""
    if not isinstance(value, int | float):
        return "–"
    return percent(value) if SCORES[name].percentage else show(name, value)


@register.filter
def score_word(name: str) -> str:
    """What people call the score of this name: accuracy."""
    return SCORES[name].word


@register.filter
def score_of(figures: Any, name: str) -> Any:
    """The score of this name among an epoch's figures, or a simple method's: `val_accuracy`, `accuracy`."""
    return figures.get(f"val_{name}", figures.get(name)) if figures else None


@register.filter
def width(share: Any) -> str:
    """A share as the width attribute of an SVG shape."""
    return f"{100 * max(0.0, min(1.0, float(share or 0))):.2f}%"


@register.filter
def duration(seconds: Any) -> str:
    """Seconds as a person says them: 40 s, 3 min, 1 h 20 min."""
    if not isinstance(seconds, int | float) or seconds < 0:
        return ""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes = round(whole / 60)
    if minutes < 60:
        return f"{whole // 60} min {whole % 60} s" if whole < 300 and whole % 60 else f"{minutes} min"
    hours, rest = divmod(minutes, 60)
    if hours >= 48:
        return f"{hours // 24} days"
    return f"{hours} h {rest} min" if rest else f"{hours} h"


@register.filter
def span(seconds: Range) -> str:
    """A range of seconds: about 2 min (1 min to 4 min), no finer than it is known."""
    low, expected, high = (
        duration(_rounded(value)) for value in (seconds.low, seconds.expected, seconds.high)
    )
    told = f"about {expected}" if low == high else f"about {expected} ({low} to {high})"
    # It may break before the range, not within it.
    return told.replace(" ", "\N{NO-BREAK SPACE}").replace("\N{NO-BREAK SPACE}(", " (")


def _rounded(seconds: float) -> float:
    step = next(step for below, step in _STEPS if seconds < below)
    return max(round(seconds / step), 1 if seconds else 0) * step


@register.filter
def money(amount: Any, currency: str) -> str:
    """0.0314 USD as USD 0.03; the smallest amounts are not rounded to nothing."""
    if not isinstance(amount, int | float):
        return ""
    digits = 2 if amount >= 0.1 or not amount else 4 if amount < 0.01 else 3
    return f"{currency}\N{NO-BREAK SPACE}{amount:.{digits}f}"


@register.filter
def money_span(amounts: Range, currency: str) -> str:
    """About USD 0.12 (USD 0.08 to USD 0.20)."""
    return (
        f"about {money(amounts.expected, currency)} "
        f"({money(amounts.low, currency)} to {money(amounts.high, currency)})"
    )


@register.filter
def rate(value: Any) -> str:
    """A learning rate: 0.001, 0.00001, never 1e-05."""
    return f"{value:.7f}".rstrip("0").rstrip(".") if isinstance(value, int | float) else ""


@register.filter
def share_of(part: Any, whole: Any) -> float:
    """`part` of `whole`, between 0 and 1."""
    return float(part) / float(whole) if whole else 0.0


@register.filter
def less(left: int, right: int) -> int:
    """left - right"""
    return int(left) - int(right)


@register.filter
def model_title(name: str) -> str:
    """A model of the catalogue by its proper name."""
    return CATALOG[name].title if name in CATALOG else name


@register.filter
def phase_words(phase: str) -> str:
    """A phase of the trainer in plain words."""
    return _PHASES.get(phase, phase.replace("_", " ").capitalize())


@register.inclusion_tag("parts/pill.html")
def status_pill(job: Job) -> dict[str, str]:
    """The state of a job as a coloured word."""
    status = JobStatus(job.status)
    return {"kind": "run" if status in RUNNING else _KINDS[status], "word": _STATES[status]}


@register.filter
def says(outcome: Any, label: str) -> bool:
    """Whether what came of an input names this label."""
    return bool(outcome.says(label))
