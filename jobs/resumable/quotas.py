"""How many uploads in pieces may be open: by address or key, and together. Whoever has the most gives way first."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Count, F, Q, QuerySet

from jobs.models import PlatformStatus, UploadSession
from modelstore.ground.errors import FlashError

# Whoever has sent nothing for so long has no claim on a place, nor on the free disk.
IDLE = timedelta(minutes=10)
_AT_ONCE = timedelta(seconds=1)
_RETRY_AFTER_SECONDS = 60


class TooManyUploads(FlashError):
    status = 503
    code = "too_many_uploads"
    title = "Too many uploads at once"


class UploadQuota(FlashError):
    status = 429
    code = "upload_quota"
    title = "You have too many uploads open"


def admit(caller: str, now: datetime) -> list[UploadSession]:
    """Lets one more upload of `caller` in, within the transaction that writes it.

    Answers those that gave way: their rows are gone, and their bytes are to be removed. Raises UploadQuota (429),
    TooManyUploads (503).
    """
    # One at a time: what was counted still holds when the row is written. SQLite's transaction itself does that.
    PlatformStatus.current()
    PlatformStatus.objects.select_for_update().get(pk=1)
    gone: list[UploadSession] = []
    mine = _open().filter(caller=caller)
    if mine.count() >= settings.FLASH_UPLOADS_PER_CALLER and not _give_way(_forgotten(mine, now), gone):
        raise UploadQuota(
            f"You have {settings.FLASH_UPLOADS_PER_CALLER} uploads open. Complete or delete one, then try again.",
            retry_after=_RETRY_AFTER_SECONDS,
        )
    if _open().count() >= settings.FLASH_UPLOADS_AT_ONCE and not (
        _give_way(_forgotten(_open(), now), gone) or _give_way(_of_the_greediest(mine.count(), now), gone)
    ):
        raise TooManyUploads(
            "Many other uploads are under way. Try again in a minute.", retry_after=_RETRY_AFTER_SECONDS
        )
    return gone


def _open() -> "QuerySet[UploadSession]":
    return UploadSession.objects.filter(dataset=None)


def _forgotten(sessions: "QuerySet[UploadSession]", now: datetime) -> "QuerySet[UploadSession]":
    """Those that were begun a while ago and have received nothing."""
    return sessions.filter(touched__lt=now - IDLE, touched__lte=F("created") + _AT_ONCE)


def _of_the_greediest(mine: int, now: datetime) -> "QuerySet[UploadSession]":
    """Those of the caller who has the most, if that is more than the one who asks would have."""
    most = _open().values("caller").annotate(count=Count("pk")).order_by("-count").first()
    if most is None or most["count"] <= mine + 1:
        return UploadSession.objects.none()
    return _open().filter(caller=most["caller"])


def _give_way(sessions: "QuerySet[UploadSession]", gone: list[UploadSession]) -> bool:
    """Deletes the row of the one that was quiet for the longest time; False when there is none."""
    unclaimed = Q(completing_until=None)
    row = sessions.filter(unclaimed).order_by("touched").first()
    if row is None or not UploadSession.objects.filter(unclaimed, pk=row.pk, dataset=None).delete()[0]:
        return False
    gone.append(row)
    return True
