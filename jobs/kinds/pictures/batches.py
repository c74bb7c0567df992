"""Batches of pictures, see `jobs.batches.child.contract`: a zip of them, or the frames of a video."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jobs.batches.child.items import Labelled, Source
from jobs.batches.child.order import Order
from jobs.kinds.pictures.items import Pictures
from jobs.kinds.pictures.video_format import video_format
from jobs.uploads.errors import UploadRefused
from training.ground.limits import Limits

AT_ONCE = 16
_ZIP = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
_ZIPPED, _VIDEO = "pictures", "video"


def look(path: Path, name: str, limits: Limits, options: Mapping[str, Any]) -> tuple[str, int | None]:
    """See the contract; how many frames a video has, its name does not tell."""
    with path.open("rb") as file:
        head = file.read(16)
    if not head:
        raise UploadRefused(
            "The file is empty. Put pictures into a zip, or send a video.", code="upload_empty"
        )
    if head.startswith(_ZIP):
        return _ZIPPED, Pictures(path, limits).total
    if video_format(head):
        return _VIDEO, None
    raise UploadRefused(
        "This is neither a zip nor a video. Put pictures into a zip, "
        "or send a video as MP4, MOV, MKV, WebM or AVI.",
        status=415,
        code="wrong_kind",
    )


def open_source(order: Order, folder: Path) -> Source:
    """See the contract."""
    path = Path(order.upload)
    if order.kind == _ZIPPED:
        return Pictures(path, order.limits)
    # Here, because it needs a decoder: the web starts without.
    from jobs.kinds.pictures.video import Video

    return Video(path, order.limits, order.frames_per_second, folder, order.threads)


def open_labelled(order: Order, data: Path) -> Labelled:
    """See the contract."""
    # Here, because it needs numpy: the web starts without.
    from jobs.kinds.pictures.labelled import LabelledPictures

    return LabelledPictures(order, data)
