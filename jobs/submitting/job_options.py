"""What may be chosen of a job besides how it trains: when it runs, for how long at most, who is told."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from jobs.errors import SubmissionInvalid
from jobs.models import Lane
from jobs.notices import notifications

FIELDS = ("lane", "max_minutes", "notify_email", "notify_webhook")
_MOST_MINUTES = 7 * 24 * 60


@dataclass(frozen=True, kw_only=True, slots=True)
class JobOptions:
    """`lane` is one of Lane; `max_minutes` caps the training time of all tries together.

    `notify_email` and `notify_webhook` are told when the job ends, the former with a link into `site`.
    """

    lane: str = Lane.NOW.value
    max_minutes: int | None = None
    notify_email: str = ""
    notify_webhook: str = ""
    site: str = ""


def read_job_options(fields: Mapping[str, Any], *, site: str = "") -> JobOptions:
    """The options among the fields of a form or a JSON object; SubmissionInvalid names each wrong one.

    `site` is the address under which the site was asked.
    """
    problems: dict[str, list[str]] = {}
    lane = str(fields.get("lane") or Lane.NOW.value)
    if lane not in Lane.values:
        problems["lane"] = [f"Give {' or '.join(Lane.values)}."]
    minutes = _minutes(fields.get("max_minutes"), problems)
    email, webhook = (str(fields.get(name) or "").strip() for name in ("notify_email", "notify_webhook"))
    problems |= notifications.problems(email=email, webhook=webhook)
    if problems:
        raise SubmissionInvalid("Please correct: " + ", ".join(sorted(problems)) + ".", fields=problems)
    return JobOptions(
        lane=lane, max_minutes=minutes, notify_email=email, notify_webhook=webhook, site=site if email else ""
    )


def _minutes(value: Any, problems: dict[str, list[str]]) -> int | None:
    if value in (None, ""):
        return None
    text = str(value).strip()
    whole = text.isascii() and text.isdecimal() and len(text) < 8 and not isinstance(value, bool)
    if not whole or not 1 <= int(text) <= _MOST_MINUTES:
        problems["max_minutes"] = [f"Give a whole number of minutes from 1 to {_MOST_MINUTES:,}, or nothing."]
        return None
    return int(text)
