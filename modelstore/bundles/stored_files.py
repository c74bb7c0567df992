"""Files of a bundle in storage: each lies there as it is, or without what it shares with other models.

Whoever reads one gets it whole. `facts` are what model.json says of the file; of model.json itself there are none.
"""

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import IO, Any

from django.conf import settings

from modelstore.bundles import shared_parts
from modelstore.ground import files
from modelstore.ground.segments import Segment, buffered
from training.bundle.manifest import SharedRange, shared_range

Facts = Mapping[str, Any]


def put(source: Path, key: str, facts: Facts) -> None:
    """Stores a file under `key`, and what it shares apart, unless that is there. Raises as `shared_parts.secure`."""
    shared = shared_range(facts)
    if shared is None:
        files.put(source, key)
        return
    shared_parts.secure(source, shared)
    files.put_opened(partial(_own, source, shared), key)


def _own(source: Path, shared: SharedRange) -> IO[bytes]:
    file, end = source.open("rb"), shared.at + shared.bytes
    return buffered([Segment(file, 0, shared.at), Segment(file, end, source.stat().st_size - end)])


def local_path(key: str, facts: Facts) -> Path | None:
    """Where the file lies whole on this machine's disk; None where it does not."""
    return None if shared_range(facts) else files.local_path(key)


@contextmanager
def reading(key: str, facts: Facts) -> Iterator[Iterator[bytes]]:
    """The content of a file in chunks. Raises as `files.reading`; FileNotFoundError also for what it shares."""
    shared = shared_range(facts)
    with files.reading(key) as own:
        if shared is None:
            yield own
            return
        with files.reading(shared_parts.key(shared)) as part:
            yield _joined(own, part, shared.at)


def _joined(own: Iterator[bytes], part: Iterator[bytes], at: int) -> Iterator[bytes]:
    before = at
    for chunk in own:
        if before >= 0 and len(chunk) >= before:
            yield chunk[:before]
            yield from part
            chunk, before = chunk[before:], -1
        elif before >= 0:
            before -= len(chunk)
        yield chunk
    if before == 0:
        yield from part


def fetch(key: str, facts: Facts, destination: Path) -> None:
    """Copies a file to a new one on this disk, as `files.fetch`."""
    with destination.open("xb") as writer, reading(key, facts) as chunks:
        for chunk in chunks:
            writer.write(chunk)


def opened(key: str, facts: Facts) -> IO[bytes]:
    """A file that can seek; deleting it takes nothing away from who holds it. Raises as `reading`, StorageFull."""
    path, shared = files.local_path(key), shared_range(facts)
    if path is None:
        return _copied(key, facts)
    if shared is None:
        return path.open("rb")
    with ExitStack() as stack:
        own = stack.enter_context(path.open("rb"))
        part = stack.enter_context(_local_part(shared).open("rb"))
        end = int(facts["bytes"]) - shared.bytes
        stack.pop_all()
        return buffered(
            [
                Segment(own, 0, shared.at),
                Segment(part, 0, shared.bytes),
                Segment(own, shared.at, end - shared.at),
            ]
        )


def _local_part(shared: SharedRange) -> Path:
    path = files.local_path(shared_parts.key(shared))
    assert path is not None
    return path


def _copied(key: str, facts: Facts) -> IO[bytes]:
    with ExitStack() as stack:
        copy = stack.enter_context(tempfile.TemporaryFile(dir=settings.FILE_UPLOAD_TEMP_DIR))
        try:
            with reading(key, facts) as chunks:
                for chunk in chunks:
                    copy.write(chunk)
            copy.seek(0)
        except OSError as error:
            if not files.is_disk_full(error):
                raise
            raise files.StorageFull("The server's disk is full. Try again later.") from error
        stack.pop_all()
        return copy
