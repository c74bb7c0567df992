"""Which videos are read, told by their first bytes; needs no decoder."""

from training.ground.picture_formats import picture_format

_QUICKTIME = (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip")


def video_format(head: bytes) -> str | None:
    """The name by which FFmpeg's reader is chosen, from the first 16 bytes; None: no video that is read here.

    FFmpeg never guesses: among what it might guess are playlists, which would make it open other files and
    addresses.
    """
    if head.startswith(b"\x1a\x45\xdf\xa3"):
        return "matroska"
    if head[:4] == b"RIFF" and head[8:12] == b"AVI ":
        return "avi"
    if head[4:8] in _QUICKTIME and picture_format(head) is None:
        return "mov"
    return None
