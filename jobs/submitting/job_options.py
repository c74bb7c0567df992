"""What may be chosen of a job besides how it trains: when it runs, for how long at most, who is told."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from jobs.errors import SubmissionInvalid
from jobs.models import Lane
from jobs.money import prices, quotes
from jobs.notices import notifications
from training.ground.wire_values import as_number

FIELDS = ("lane", "max_minutes", "max_money", "notify_email", "notify_webhook")
_MOST_MINUTES = 7 * 24 * 60
_MOST_MONEY = 1e6


@dataclass(frozen=True, kw_only=True, slots=True)
class JobOptions:
    """`lane` is one of Lane; `max_minutes` caps the training time of all tries together, an amount of money told in its
    place likewise.

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
    told = _minutes(fields.get("max_minutes"), problems), _paid_minutes(fields.get("max_money"), problems)
    minutes = min((each for each in told if each is not None), default=None)
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


def _paid_minutes(value: Any, problems: dict[str, list[str]]) -> int | None:
    """The minutes of training that an amount pays for, at the price of the machine that jobs run on now."""
    if value in (None, ""):
        return None
    money, kind = as_number(value), prices.expected_kind()
    if money is None or not 0 < money < _MOST_MONEY:
        problems["max_money"] = ["Give an amount above 0, such as 2.50, or nothing."]
        return None
    price = prices.price_per_hour(kind)
    if not price:
        problems["max_money"] = [
            "Training costs nothing that this site knows of. Leave this empty, or give minutes."
        ]
        return None
    besides = 0.0 if kind == prices.LOCAL else quotes.most_besides_training()
    minutes = int((3600 * money / price - besides) // 60)
    if minutes < 1:
        least = math.ceil(100 * price * (besides + 60) / 3600) / 100
        amount = f"{least:.2f} {settings.FLASH_CURRENCY}"
        problems["max_money"] = [
            f"Besides the machine's start this pays for less than a minute of training. Give {amount} or more."
        ]
        return None
    return min(minutes, _MOST_MINUTES)
