"""Which bytes of a bundle's files are the same in all models that have the same layers: those that did not learn."""

import zipfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from training.bundle import manifest as bundle
from training.bundle.shared_layers import pieces_of
from training.evaluation.outcome import Outcome
from training.export.safetensors_order import header_of

Range = tuple[int, int]
# Of fewer bytes a file of their own saves nothing.
_WORTH = 16 * 1024
# Of an entry of a zip, up to its name: the sizes of the name and of what follows it are the last four bytes.
_LOCAL_HEADER = 30


def shared_ranges(folder: Path, outcome: Outcome) -> dict[str, Range]:
    """{file: (start, size)} of those files in `folder` that hold such layers, or make inputs ready for them."""
    if not outcome.unlearned:
        return {}
    # Layers that did not learn know no other tokens than theirs.
    sizes = {name: (folder / name).stat().st_size for name in outcome.preprocess.files()}
    whole = {name: (0, size) for name, size in sizes.items() if size >= _WORTH}
    return whole | _of_layers(folder, outcome.unlearned)


def _of_layers(folder: Path, unlearned: Sequence[str]) -> dict[str, Range]:
    found = {
        name: find(folder / name, unlearned) for name, find in _FINDERS.items() if (folder / name).exists()
    }
    return {name: each for name, each in found.items() if each is not None}


def _of_graph(path: Path, unlearned: Sequence[str]) -> Range | None:
    pieces = pieces_of(memoryview(path.read_bytes()))
    return None if pieces is None else (pieces.at, len(pieces.shared))


def _of_safetensors(path: Path, unlearned: Sequence[str]) -> Range | None:
    header, start = header_of(path.read_bytes())
    at = 0
    for name in unlearned:
        begin, end = header[name]["data_offsets"]
        if begin != at:
            return None
        at = end
    return start, at


def _of_torch(path: Path, unlearned: Sequence[str]) -> Range | None:
    """From the first tensor's data to the last one's. What PyTorch writes between them hangs on neither names nor time,
    and each tensor begins at a multiple of 64 bytes."""
    with zipfile.ZipFile(path) as file:
        entries = sorted(file.infolist(), key=lambda entry: entry.header_offset)
    data = [entry for entry in entries if entry.filename.split("/", 1)[-1].startswith("data/")]
    wanted = data[: len(unlearned)]
    if [entry.filename.rpartition("/")[2] for entry in wanted] != [str(n) for n in range(len(unlearned))]:
        return None
    start, last = (_data_start(path, entry) for entry in (wanted[0], wanted[-1]))
    return start, last + wanted[-1].file_size - start


def _data_start(path: Path, entry: zipfile.ZipInfo) -> int:
    with path.open("rb") as file:
        file.seek(entry.header_offset)
        header = file.read(_LOCAL_HEADER)
    name, extra = (int.from_bytes(header[at : at + 2], "little") for at in (26, 28))
    return entry.header_offset + _LOCAL_HEADER + name + extra


_FINDERS: Mapping[str, Callable[[Path, Sequence[str]], Range | None]] = {
    bundle.ONNX_FILE: _of_graph,
    bundle.MEASURED_ONNX_FILE: _of_graph,
    bundle.SAFETENSORS_FILE: _of_safetensors,
    bundle.TORCH_FILE: _of_torch,
}
