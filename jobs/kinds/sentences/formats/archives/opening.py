"""Opens what a user sent, packed or not, as one table."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import BinaryIO

from jobs.kinds.sentences.formats import arrow_tables
from jobs.kinds.sentences.formats.archives.in_zip import open_zip
from jobs.kinds.sentences.formats.archives.packed import find_packing, tar_as_zip, unpacked
from jobs.kinds.sentences.formats.contract import Reader, Source
from jobs.kinds.sentences.formats.registry import open_reader
from jobs.kinds.sentences.options import TableOptions
from jobs.uploads.archive import Archive, damage
from jobs.uploads.detection import HEAD_BYTES, detect
from jobs.uploads.findings import Notes
from training.ground.limits import Limits
from training.kinds.sentences import KIND


@contextmanager
def opened(
    path: Path,
    name: str,
    options: TableOptions,
    limits: Limits,
    notes: Notes,
    *,
    labelled: bool = True,
    hasty: bool = False,
) -> Iterator[Reader]:
    """The table at `path`, called `name` by the user; raises UploadRefused, also while it is read.

    Without `labelled`, for predictions, texts without a label are read, too. `hasty` as in `Source`.
    """
    with ExitStack() as stack:
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
        source = Source(
            path=path,
            open=partial(_open, path),
            options=options,
            limits=limits,
            notes=notes,
            name=name,
            labelled=labelled,
            hasty=hasty,
            closing=stack,
        )
        packing = find_packing(head)
        if packing == "tar":
            path = stack.enter_context(tar_as_zip(path, limits, notes))
        elif packing:
            source, head = unpacked(source, packing)
            stack.enter_context(damage(name))
            if find_packing(head) == "tar":
                path = stack.enter_context(tar_as_zip(path, limits, notes))
                packing = "tar"
        if packing == "tar" or (
            not packing and not arrow_tables.recognises(head) and detect(path, name, KIND) == "zip"
        ):
            archive = stack.enter_context(Archive.open(path, limits, KIND))
            stack.enter_context(damage(name))
            yield open_zip(archive, source)
        else:
            yield open_reader(source)


def _open(path: Path) -> BinaryIO:
    return path.open("rb")
