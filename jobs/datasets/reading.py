"""Files of strangers as seen through a reader (`jobs.uploads.reader`): this process never opens them itself."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from django.conf import settings

from jobs.uploads import uploads_of
from jobs.uploads.reader.client import READERS
from jobs.uploads.reader.order import Bounds, Described, Order
from modelstore.ground import temporary
from training.ground.limits import Limits
from training.kinds import kind_of

# Of address space for each byte of the file: what is mapped, and what is made of it.
_FACTOR = 2


def inspect(
    *, task: str, path: Path, name: str, options: Mapping[str, Any], limits: Limits | None = None
) -> Described:
    """What the file holds, see `KindUploads.inspect`; `limits` other than the site's. UploadRefused, StorageFull."""
    arguments = {"path": str(path), "name": name, "options": dict(options)}
    return Described.from_json(_ask(task, "inspect", arguments, [path], limits=limits))


def unpack(
    *, task: str, path: Path, name: str, data: Path, options: Mapping[str, Any], seen: str = ""
) -> None:
    """Makes the folder `data`, which may not be there yet; `seen` is what `inspect` told for that, if anything.

    Raises UploadRefused, StorageFull.
    """
    data.mkdir()
    arguments = {"path": str(path), "name": name, "options": dict(options), "data": str(data), "seen": seen}
    _ask(task, "unpack", arguments, [path], data)


def samples(
    *, task: str, path: Path, name: str, options: Mapping[str, Any], label: str, start: int, count: int
) -> dict[str, Any]:
    """Some samples of a class, see `SampleLister`. Raises UploadRefused."""
    arguments = {"path": str(path), "name": name, "options": dict(options)}
    which = {"label": label, "start": start, "count": count}
    found: dict[str, Any] = _ask(task, "samples", arguments | which, [path])
    return found


def merge(*, task: str, parts: Sequence[Path], folder: Path) -> Path:
    """One file in `folder` of several folders that `unpack` made."""
    arguments = {"parts": [str(part) for part in parts], "folder": str(folder)}
    return Path(_ask(task, "merge", arguments, parts, folder))


def pack(*, task: str, data: Path, folder: Path) -> tuple[int, list[str]]:
    """Packs what `unpack` made into two files in `folder` (`jobs.uploads.samples.packing`).

    Answers how many samples there are, and the columns of their table.
    """
    arguments = {"data": str(data), "folder": str(folder)}
    told = _ask(task, "pack", arguments, [data], folder)
    return int(told["count"]), list(told["columns"])


def write_samples(
    *, task: str, parts: Sequence[Mapping[str, Any]], columns: Sequence[str], data: Path
) -> None:
    """Makes the folder `data` of packed samples (`jobs.uploads.samples.parts`). Raises UploadRefused, StorageFull."""
    data.mkdir()
    arguments = {"parts": list(parts), "columns": list(columns), "data": str(data)}
    _ask(task, "write_samples", arguments, _files_of(parts), data)


def parquet(*, task: str, parts: Sequence[Mapping[str, Any]], many: bool, target: Path) -> None:
    """Writes packed samples to a Parquet file; `many`: each may have any number of labels."""
    target.touch()
    arguments = {"parts": list(parts), "many": many, "target": str(target)}
    _ask(task, "parquet", arguments, _files_of(parts), target)


def preview(*, task: str, parts: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """What people are shown of packed samples, in their order."""
    found: list[dict[str, Any]] = _ask(task, "preview", {"parts": list(parts)}, _files_of(parts))
    return found


def _files_of(parts: Sequence[Mapping[str, Any]]) -> list[Path]:
    return [Path(part[name]) for part in parts for name in ("facts", "contents", "chosen")]


def look(*, task: str, path: Path, name: str, options: Mapping[str, Any]) -> tuple[str, int | None]:
    """The format of a file to predict and how many items it has, see `KindBatches.look`."""
    arguments = {"path": str(path), "name": name, "options": dict(options)}
    kind, total = _ask(task, "look", arguments, [path])
    return kind, total


def _ask(
    task: str,
    function: str,
    arguments: dict[str, Any],
    reads: Sequence[Path],
    *writes: Path,
    limits: Limits | None = None,
) -> Any:
    kind = kind_of(task)
    module = kind.batches if function == "look" else kind.uploads
    with temporary.folder() as scratch:
        own = (*writes, scratch)
        order = Order(
            module=module,
            function=function,
            arguments=arguments,
            limits=limits or settings.FLASH_LIMITS,
            bounds=_bounds(reads, own),
            reads=[str(path.resolve()) for path in reads],
            writes=[str(path.resolve()) for path in own],
        )
        return READERS.ask(order, [module, *uploads_of(task).LIBRARIES])


def _bounds(reads: Sequence[Path], writes: Sequence[Path]) -> Bounds:
    size = sum(path.stat().st_size for path in reads)
    # No file of a stranger takes what the database needs.
    room = max(0, min(map(temporary.room_at, writes)))
    return Bounds(
        memory=settings.FLASH_READ_MEMORY + _FACTOR * size,
        seconds=settings.FLASH_READ_SECONDS,
        file_bytes=min(settings.FLASH_LIMITS.max_unpacked_bytes, room),
    )
