"""What may be handed in for a prediction; every refusal names the input by its index, counted from 0."""

from collections.abc import Sequence
from io import BytesIO

from modelstore.ground.errors import FlashError
from training.ground.limits import MIB, Limits
from training.kinds.task import Task


class InputsInvalid(FlashError):
    """Not what a prediction takes."""

    status = 400
    code = "inputs_invalid"
    title = "The inputs are not right"


class TooManyInputs(FlashError):
    """More in one request than the limits allow."""

    status = 413
    code = "too_many_inputs"
    title = "Too many inputs in one request"


class InputTooLarge(FlashError):
    """One input is beyond the limits."""

    status = 413
    code = "input_too_large"
    title = "An input is too large"


class InputUnsupported(FlashError):
    """Not a kind of file that is read here."""

    status = 415
    code = "input_unsupported"
    title = "An input is of a kind that is not supported"


class InputUnreadable(FlashError):
    """The right kind, but damaged."""

    status = 422
    code = "input_unreadable"
    title = "An input cannot be read"


def refused(kind: type[FlashError], index: int, sentence: str, name: str = "") -> FlashError:
    """A refusal of the input at `index`; `sentence` goes on after its name."""
    whole = f"Input {index}{f' ({name[:100]})' if name else ''} {sentence}"
    return kind(whole, fields={f"inputs[{index}]": [whole]})


def alone(error: FlashError) -> str:
    """The sentence of a refusal without the input's number, for where it stands beside the input."""
    return f"This {error.detail.removeprefix('Input 0').strip()}"


def check_inputs(
    *, task_type: str, inputs: Sequence[bytes | str], limits: Limits, names: Sequence[str] = ()
) -> None:
    """Raises the FlashError of the first input that cannot be used; `names` are shown beside the index."""
    pictures = task_type == Task.IMAGE
    most = limits.max_pictures_per_request if pictures else limits.max_sentences_per_request
    if not inputs:
        raise InputsInvalid("There is nothing to predict: send at least one input.")
    if len(inputs) > most:
        raise TooManyInputs(f"{len(inputs)} inputs are more than the {most} allowed in one request.")
    for index, value in enumerate(inputs):
        name = names[index] if index < len(names) else ""
        if pictures:
            _check_picture(value, index, name, limits)
        else:
            _check_sentence(value, index, name, limits)


def _check_sentence(value: bytes | str, index: int, name: str, limits: Limits) -> None:
    if not isinstance(value, str):
        raise refused(InputsInvalid, index, "is a file, but this model classifies sentences.", name)
    if not value.strip():
        raise refused(InputsInvalid, index, "is empty: write a sentence.", name)
    if len(value) > limits.max_sentence_chars:
        most = limits.max_sentence_chars
        raise refused(InputTooLarge, index, f"has {len(value)} characters; {most} are allowed.", name)
    if "\0" in value:
        raise refused(InputsInvalid, index, "holds NUL characters; remove them.", name)
    if not value.isascii() and any("\ud800" <= character <= "\udfff" for character in value):
        raise refused(InputsInvalid, index, "holds half a character (a lone surrogate); remove it.", name)


def _check_picture(value: bytes | str, index: int, name: str, limits: Limits) -> None:
    if not isinstance(value, bytes):
        raise refused(InputsInvalid, index, "is text, but this model classifies pictures.", name)
    if not value:
        raise refused(InputsInvalid, index, "is an empty file.", name)
    if len(value) > limits.max_picture_bytes:
        most = limits.max_picture_bytes / MIB
        raise refused(InputTooLarge, index, f"is larger than the {most:.3g} MB a picture may have.", name)
    if not _is_picture(value):
        raise refused(InputUnsupported, index, "is not a JPEG, PNG, WebP or BMP picture.", name)
    _check_size(value, index, name, limits)


def _is_picture(value: bytes) -> bool:
    if value[:4] == b"RIFF":
        return value[8:12] == b"WEBP"
    return value.startswith((b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"BM"))


def _check_size(value: bytes, index: int, name: str, limits: Limits) -> None:
    """Reads the header only; damage further on shows when the model's preprocessing decodes the pixels."""
    too_many = f"has more than the {limits.max_picture_pixels:,} pixels a picture may have."
    if (size := _jpeg_size(value)) is not None:
        if size[0] * size[1] > limits.max_picture_pixels:
            raise refused(InputTooLarge, index, too_many, name)
        return
    from PIL import Image  # here, so that the web starts light

    from training.kinds.pictures.preprocess import FORMATS

    try:
        with Image.open(BytesIO(value), formats=FORMATS) as picture:
            pixels, frames = picture.width * picture.height, getattr(picture, "n_frames", 1)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise refused(InputTooLarge, index, too_many, name) from error
    except MemoryError:
        raise
    except Exception as error:  # Pillow raises nearly anything on damaged headers
        raise refused(
            InputUnreadable, index, "cannot be read: the file is damaged or cut short.", name
        ) from error
    if pixels > limits.max_picture_pixels:
        raise refused(InputTooLarge, index, too_many, name)
    if frames > 1:
        raise refused(
            InputTooLarge, index, f"is an animation of {frames} frames; send a single picture.", name
        )


def _jpeg_size(value: bytes) -> tuple[int, int] | None:
    """Width and height of an ordinary JPEG, a hundred times as fast as by Pillow; None: ask Pillow."""
    if not value.startswith(b"\xff\xd8\xff"):
        return None
    at, end, found = 2, len(value) - 9, None
    while at < end and value[at] == 0xFF:
        marker, length = value[at + 1], int.from_bytes(value[at + 2 : at + 4])
        if marker == _JPEG_SCAN:
            return found
        if marker in _JPEG_FRAMES:
            if found is not None:
                return None
            height, width = int.from_bytes(value[at + 5 : at + 7]), int.from_bytes(value[at + 7 : at + 9])
            found = (width, height) if width and height else None
        # Several pictures in one file, or nothing that stands before the picture's data.
        if value[at + 4 : at + 8] == b"MPF\0" or not 0xC0 <= marker <= 0xFE or length < 2:
            return None
        at += 2 + length
    return None


# Baseline, extended and progressive; the rare others are Pillow's business.
_JPEG_FRAMES = {0xC0, 0xC1, 0xC2}
_JPEG_SCAN = 0xDA
