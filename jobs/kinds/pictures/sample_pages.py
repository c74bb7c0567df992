"""Some pictures of one class of a zip, to look at: not all of them at once."""

from pathlib import Path
from typing import Any

from jobs.kinds.pictures.check import check_picture
from jobs.kinds.pictures.options import PictureOptions
from jobs.kinds.pictures.plan import Planned, plan_pictures
from jobs.uploads.archive import Archive
from jobs.uploads.findings import Notes
from training.ground.limits import MIB, Limits
from training.kinds.pictures import KIND


def pictures_of_class(
    path: Path, limits: Limits, options: PictureOptions, label: str, start: int, count: int
) -> dict[str, Any]:
    """`total` pictures of the class, and `samples`: `count` of them from place `start`, in the order of the zip.

    Each of these is {label, source, data_uri, reason}: one that cannot be used has a reason, and no data_uri. Only they
    are decoded. Raises UploadRefused.
    """
    with Archive.open(path, limits, KIND, options.names_encoding) as archive:
        planned = [one for one in plan_pictures(archive, limits, Notes(), options) if label in one.names]
        samples = [_sample(archive, one, limits) for one in planned[start : start + count]]
    return {"total": len(planned), "samples": samples}


def _sample(archive: Archive, picture: Planned, limits: Limits) -> dict[str, str]:
    told = {"label": picture.label, "source": picture.source, "data_uri": "", "reason": ""}
    if picture.entry.size > limits.max_picture_bytes:
        return told | {"reason": f"it is larger than {limits.max_picture_bytes / MIB:g} MB."}
    verdict = check_picture(
        archive.read(picture.entry), limits, decode=True, thumbnail=True, suffix=picture.entry.suffix
    )
    return told | {"data_uri": verdict.data_uri or "", "reason": verdict.reason or ""}
