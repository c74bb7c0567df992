"""Tells whoever asked for it that a job has ended: by e-mail or by a webhook.

The row is the outbox: a message to the actor is a hint, the sweep repeats it, and one conditional UPDATE lets one
worker try. The address goes with the row, and so does the sealed token, once it is told or when nobody answered for
a day.
"""

import logging
import smtplib
import uuid
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage
from django.core.validators import validate_email
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from jobs.messaging import hints
from jobs.models import Job, JobEvent, Notice
from jobs.notices import webhooks
from jobs.notices.webhooks import WebhookFailed, WebhookRefused
from jobs.states import JobStatus
from modelstore.ground import naming, sealing

logger = logging.getLogger(__name__)

# Waits before the next try; after the last one it is given up.
WAITS = [timedelta(seconds=seconds) for seconds in (10, 60, 300, 1800, 7200, 21600, 43200)]
# A worker that dies within a try lets another one go on after this.
_TRY = timedelta(minutes=2)
_ENDS = {
    JobStatus.DEPLOYED: "is ready",
    JobStatus.FAILED: "could not be trained",
    JobStatus.CANCELLED: "was cancelled",
}


def problems(*, email: str, webhook: str) -> dict[str, list[str]]:
    """A sentence for each address that cannot be used."""
    found: dict[str, list[str]] = {}
    if email:
        try:
            validate_email(email)
            if not settings.EMAIL_HOST:
                found["notify_email"] = [
                    "This site cannot send mail. Leave the address out, or use a webhook."
                ]
        except ValidationError:
            found["notify_email"] = ["Give one e-mail address, such as ada@example.org."]
    if webhook:
        try:
            webhooks.check_url(webhook)
        except WebhookRefused as error:
            found["notify_webhook"] = [str(error)]
    return found


def ask(*, job: Job, email: str, webhook: str, site: str) -> None:
    """Remembers whom to tell; call it in the transaction that makes the job."""
    targets = ((Notice.Kind.EMAIL, email), (Notice.Kind.WEBHOOK, webhook))
    rows = [(kind, target) for kind, target in targets if target]
    Notice.objects.bulk_create(
        Notice(
            job=job,
            kind=kind,
            target=target,
            site=site,
            sealed_token=sealing.seal(job.token, sealing.site_key()),
            delivery=uuid.uuid4(),
        )
        for kind, target in rows
    )


def announce(job: Job) -> None:
    """The job ends with this transaction: whoever asked is told once it is committed."""
    transaction.on_commit(lambda: _hint(list(job.notices.all())), robust=True)


def send_due() -> int:
    """Hints at every notice whose turn has come, such as those of a message that was lost; how many there are."""
    due = list(Notice.objects.due(timezone.now())[:500])
    _hint(due)
    return len(due)


def _hint(notices: Sequence[Notice], delay: timedelta = timedelta()) -> None:
    hints.notify([one.pk for one in notices if one.kind == Notice.Kind.EMAIL], delay=delay)
    hints.post_webhooks([one.pk for one in notices if one.kind == Notice.Kind.WEBHOOK], delay=delay)


def deliver(*, pk: int) -> None:
    """One try. Nothing happens when another worker has it, when its time has not come, or when it is done."""
    now = timezone.now()
    notice = Notice.objects.due(now).select_related("job").filter(pk=pk).first()
    if notice is None:
        return
    # A try that never comes back counts, too: its wait is in the row before it begins.
    wait = max(_TRY, WAITS[min(notice.tries, len(WAITS) - 1)])
    mine = Notice.objects.filter(pk=pk, next_try__lte=now, tries=notice.tries)
    if not mine.update(next_try=now + wait, tries=notice.tries + 1):
        return
    notice.tries += 1
    if notice.tries > len(WAITS) + 1:
        _give_up(notice, "no try came to an end.")
        return
    token = sealing.unseal(notice.sealed_token, sealing.site_key())
    if not token:
        _give_up(notice, "the site's secret key has changed since it was asked for.")
        return
    notice.job.token = token
    try:
        _send(notice)
    except WebhookRefused as refusal:
        _give_up(notice, str(refusal))
    except (WebhookFailed, OSError, smtplib.SMTPException) as failure:
        _try_later(notice, str(failure) if isinstance(failure, WebhookFailed) else type(failure).__name__)
    else:
        notice.delete()


def _send(notice: Notice) -> None:
    if notice.kind == Notice.Kind.EMAIL:
        _mail(notice)
        return
    webhooks.post(
        notice.target,
        message(notice.job),
        key=notice.job.token,
        event=f"job.{notice.job.status}",
        delivery=str(notice.delivery),
    )


def message(job: Job) -> dict[str, Any]:
    """What a webhook is told. Not the token: it is the key of the signature, and of the job."""
    return {
        "event": f"job.{job.status}",
        "job": job.token_digest,
        "task_type": job.task_type,
        "task_name": job.task_name,
        "status": job.status,
        "accuracy": job.accuracy,
        "score": job.score.to_json() if job.score else None,
        "error": job.error[:1000] or None,
        "created": job.created.isoformat(),
        "finished": job.finished.isoformat() if job.finished else None,
    }


def _mail(notice: Notice) -> None:
    job = notice.job
    name = naming.for_mail(job.task_name)
    lines = [f"“{name}” {_ENDS[JobStatus(job.status)]}."]
    if job.score is not None:
        lines.append(f"Validation {job.score.kind.word}: {job.score.shown}")
    if job.error:
        lines.append(job.error)
    lines.append(f"{notice.site.rstrip('/')}{reverse('job', args=[job.token])}")
    lines.append("Whoever has this link can use the model. Flash has now forgotten your address.")
    EmailMessage(
        subject=f"{name} {_ENDS[JobStatus(job.status)]}",
        body="\n\n".join(lines) + "\n",
        from_email=settings.DEFAULT_FROM_EMAIL,
        to=[notice.target],
        headers={"Auto-Submitted": "auto-generated", "Message-ID": f"<{notice.delivery}@flash>"},
    ).send()


def _try_later(notice: Notice, reason: str) -> None:
    if notice.tries > len(WAITS):
        _give_up(notice, reason)
        return
    wait = WAITS[notice.tries - 1]
    Notice.objects.filter(pk=notice.pk).update(next_try=timezone.now() + wait)
    logger.info("Notice %s of job %s: %s; again in %s.", notice.pk, notice.job_id, reason, wait)
    _hint([notice], delay=wait)


@transaction.atomic
def _give_up(notice: Notice, reason: str) -> None:
    what = "The e-mail" if notice.kind == Notice.Kind.EMAIL else "The webhook"
    JobEvent.objects.create(
        job=notice.job,
        kind=JobEvent.Kind.WARNING,
        message=f"{what} about the end of this job was given up: {reason}",
    )
    notice.delete()
