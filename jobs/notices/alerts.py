"""What an operator should look at: one open row for each kind, in the admin, and an e-mail a day while it lasts."""

import logging
from datetime import datetime, timedelta

from django.conf import settings
from django.core.mail import mail_admins
from django.db import IntegrityError, transaction
from django.db.models import F, Q

from jobs.models import Alert

logger = logging.getLogger(__name__)

_MAIL_AGAIN = timedelta(days=1)


def tell(kind: str, message: str, now: datetime) -> None:
    """Opens an alert, or counts the open one of this kind; one of several tellers sends the e-mail."""
    rows = Alert.objects.filter(kind=kind, cleared=None)
    if not rows.update(message=message, last=now, count=F("count") + 1):
        try:
            with transaction.atomic():
                Alert.objects.create(kind=kind, message=message, first=now, last=now)
        except IntegrityError:
            # Somebody else was faster and sends the e-mail.
            return
    due = Q(mailed=None) | Q(mailed__lte=now - _MAIL_AGAIN)
    if settings.ADMINS and rows.filter(due).update(mailed=now):
        _mail(kind, message, now)


def _mail(kind: str, message: str, now: datetime) -> None:
    text = (
        f"{message}\n\nKind of alert: {kind}. You can find it in the admin under Alerts; clear it there "
        f"once it is dealt "
        "with. While it lasts, the next e-mail about it comes after a day.\n"
        "To see what is missing at AWS, run: manage.py check_compute"
    )
    try:
        mail_admins(f"{kind}: {message[:100]}", text)
    except OSError:
        # smtplib's errors are OSErrors. Not sent is not told: the next time it is tried again.
        logger.warning("The e-mail about %s could not be sent.", kind, exc_info=True)
        Alert.objects.filter(kind=kind, cleared=None, mailed=now).update(mailed=None)
