"""DICOM pictures (X-rays, slices) as their window shows them, through pydicom.

Stands alone: it is copied into bundles.
"""

from typing import Any

import numpy as np
import pydicom
from numpy.typing import NDArray
from PIL import Image, ImageFile
from pydicom.pixels.processing import apply_color_lut, apply_modality_lut, apply_voi_lut
from pydicom.pixels.utils import pixel_array

from training.kinds.pictures.pixels.picture import UnreadablePicture
from training.kinds.pictures.pixels.picture_colours import scaled

_DEFLATED = b"1.2.840.10008.1.2.1.99"
_HEADER_BYTES = 4096


class DicomImageFile(ImageFile.ImageFile):
    """The first frame; size and mode are known before anything is decoded."""

    format = "DICOM"
    format_description = "DICOM"

    def _open(self) -> None:
        assert self.fp is not None
        head = self.fp.read(_HEADER_BYTES)
        self.fp.seek(0)
        if _DEFLATED in head:
            raise UnreadablePicture("it is a DICOM file compressed as a whole; export it uncompressed")
        # Odd values are as they are: files of old devices have many.
        pydicom.config.settings.reading_validation_mode = pydicom.config.IGNORE
        self._data = pydicom.dcmread(self.fp, force=True)
        if "PixelData" not in self._data or not self._data.get("Rows") or not self._data.get("Columns"):
            raise UnreadablePicture("it is a DICOM file without a picture in it")
        self._size = (int(self._data.Columns), int(self._data.Rows))
        self.is_animated = int(self._data.get("NumberOfFrames") or 1) > 1
        colours = self._data.get("SamplesPerPixel", 1) == 3 or self._interpretation() == "PALETTE COLOR"
        self._mode = "RGB" if colours else "L"
        self.tile = []

    def load(self) -> Any:
        if self._im is None:
            self.im = Image.fromarray(self._decoded()).im
            self._size, self._mode = self.im.size, self.im.mode
        return super().load()

    def _interpretation(self) -> str:
        return str(self._data.get("PhotometricInterpretation", "MONOCHROME2"))

    def _decoded(self) -> NDArray[np.uint8]:
        data = self._data
        if not hasattr(data, "file_meta") or "TransferSyntaxUID" not in data.file_meta:
            data.ensure_file_meta()
            data.file_meta.TransferSyntaxUID = (
                pydicom.uid.ExplicitVRLittleEndian
                if not data.original_encoding[0]
                else pydicom.uid.ImplicitVRLittleEndian
            )
        try:
            values = pixel_array(data, index=0)
        except (NotImplementedError, RuntimeError) as error:
            name = data.file_meta.TransferSyntaxUID.name
            raise UnreadablePicture(
                f"it is a DICOM picture compressed as {name}; export it uncompressed"
            ) from error
        if self._interpretation() == "PALETTE COLOR":
            values = apply_color_lut(values, data)
            return (values >> 8).astype(np.uint8) if values.dtype.itemsize > 1 else values
        if values.ndim == 3:
            return scaled(values, int(data.get("BitsStored", 8)))
        grey = _windowed(values, data)
        return 255 - grey if self._interpretation() == "MONOCHROME1" else grey


def _windowed(values: NDArray[Any], data: Any) -> NDArray[np.uint8]:
    """Grey by the first window of the file, else by the range that is used."""
    bits = int(data.get("BitsStored", 16))
    plain = apply_modality_lut(values, data)
    if "VOILUTSequence" in data:
        plain = apply_voi_lut(plain, data, index=0)
        depth = int(data.VOILUTSequence[0].LUTDescriptor[2])
        return _stretched(plain, 0, (1 << depth) - 1)
    centre, width = _first(data.get("WindowCenter")), _first(data.get("WindowWidth"))
    if centre is not None and width is not None and width > 0:
        # Of DICOM's own formula (PS3.3, C.11.2.1.2.1).
        return _stretched(plain, centre - 0.5 - (width - 1) / 2, centre - 0.5 + (width - 1) / 2)
    if plain.dtype.kind == "f" or int(plain.min()) < 0:
        return _stretched(plain, float(plain.min()), float(plain.max()))
    return scaled(plain, bits)


def _stretched(values: NDArray[Any], low: float, high: float) -> NDArray[np.uint8]:
    shares = (values.astype(np.float32) - low) / max(high - low, 1e-6)
    return (shares.clip(0, 1) * 255).round().astype(np.uint8)


def _first(value: Any) -> float | None:
    """Of one or several numbers."""
    if value is None or value == "":
        return None
    return float(value[0] if isinstance(value, (list, pydicom.multival.MultiValue)) else value)
