"""Training sets and downloads made of versions: the same bytes each time."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils import timezone

from jobs.datasets import dataset_store, reading
from jobs.datasets.intake import sha256_of
from jobs.datasets.versions import manifests, recording, version_files
from jobs.datasets.versions.manifests import Manifest
from jobs.errors import NotPossibleNow
from jobs.models import Dataset, DatasetVersion, VersionedDataset
from jobs.uploads import UploadRefused, uploads_of
from jobs.uploads.samples.columns_file import write_columns
from modelstore.ground import files, temporary

FILE, PARQUET = "file", "parquet"
FORMATS = (FILE, PARQUET)


def materialise(*, version: DatasetVersion, run_dir: Path) -> None:
    """Writes `data/` of a RUN_DIR: the training set of a version. Raises UploadRefused where its files are damaged.

    Classes that are too small to be measured are left out, as of an upload.
    """
    data = run_dir / "data"
    if data.exists():
        shutil.rmtree(data)
    with temporary.folder() as folder:
        write(_learnable(manifests.manifest(version.dataset, version)), data, folder)


def write(manifest: Manifest, data: Path, folder: Path) -> None:
    """Makes the folder `data` as an upload of these samples would be unpacked."""
    reading.write_samples(
        task=manifest.dataset.task_type,
        parts=list(parts_of(manifest, folder)),
        columns=manifest.dataset.columns,
        data=data,
    )


def checked_out(*, manifest: Manifest) -> Dataset:
    """An upload of its own with these samples, checked like any other: a job learns from it.

    Raises NotPossibleNow, and what an upload raises.
    """
    dataset = manifest.dataset
    if dataset.has_many_labels:
        raise NotPossibleNow("Versions of samples with several labels cannot be trained on again yet.")
    with temporary.folder() as folder:
        path = _as_file(manifest, folder)
        made = dataset_store.store_file(
            task_type=dataset.task_type,
            path=path,
            name=f"{_stem(dataset)}, version {manifest.version.number}{path.suffix}",
            sha256="",
            options=uploads_of(dataset.task_type).MERGED,
            keep_unread=False,
        )
    VersionedDataset.objects.filter(pk=dataset.pk).update(touched=timezone.now())
    return made


def checked_out_version(*, version: DatasetVersion, token: str) -> Dataset:
    """The same of a whole version, which the upload then names; `token` is that of the versions."""
    made = checked_out(manifest=manifests.manifest(version.dataset, version))
    recording.link(made, version, token)
    return made


@contextmanager
def downloadable(*, manifest: Manifest, format: str) -> Iterator[tuple[Path, str]]:
    """A file of these samples, and its name: "file" is what one could upload, "parquet" what other tools read.

    It is gone afterwards. Raises StorageFull, UploadRefused where the stored samples are damaged.
    """
    dataset, number = manifest.dataset, manifest.version.number
    with temporary.folder() as folder:
        if format == FILE:
            path = _as_file(manifest, folder)
        else:
            path = folder / "samples.parquet"
            reading.parquet(
                task=dataset.task_type,
                parts=list(parts_of(manifest, folder)),
                many=dataset.has_many_labels,
                target=path,
            )
        yield path, f"{_stem(dataset)} version {number}{path.suffix}"


def previews(manifest: Manifest) -> list[dict[str, Any]]:
    """What people are shown of few samples."""
    with temporary.folder() as folder:
        return reading.preview(task=manifest.dataset.task_type, parts=list(parts_of(manifest, folder)))


def parts_of(manifest: Manifest, folder: Path) -> Iterator[dict[str, Any]]:
    """Tells a reader of the samples, segment by segment; files of a bucket are fetched into `folder`."""
    for segment, inside in manifests.segments_of(manifest.dataset, manifest.numbers):
        chosen = folder / f"chosen-{segment.position}"
        write_columns(
            chosen,
            {"places": manifest.numbers[inside] - segment.first, "labels": manifest.labels[inside]},
            {"words": manifest.words},
        )
        facts = _local(segment.facts_key, folder)
        # Contents are compared one by one, where they are read.
        if sha256_of(facts) != segment.facts_sha256:
            raise _gone()
        yield {
            "facts": str(facts),
            "contents": str(_local(segment.contents_key, folder)),
            "chosen": str(chosen),
            # Two uploads may use one name for different sources.
            "prefix": f"{segment.position}/" if segment.position else "",
        }


def _local(key: str, folder: Path) -> Path:
    path = files.local_path(key)
    if path is None:
        path = folder / key.rpartition("/")[2]
        try:
            files.fetch(key, path)
        except FileNotFoundError as error:
            raise _gone() from error
    elif not path.exists():
        raise _gone()
    return path


def _gone() -> version_files.VersionDamaged:
    return version_files.VersionDamaged(
        "The files of this version are gone or damaged. The operator may have a backup."
    )


def _as_file(manifest: Manifest, folder: Path) -> Path:
    part = folder / "part"
    part.mkdir()
    write(manifest, part / "data", folder)
    return reading.merge(task=manifest.dataset.task_type, parts=[part / "data"], folder=folder)


def _learnable(manifest: Manifest) -> Manifest:
    import numpy as np

    if manifest.dataset.has_many_labels:
        return manifest
    counts = np.bincount(manifest.labels, minlength=len(manifest.words))
    large = counts >= settings.FLASH_LIMITS.min_per_class
    if large.sum() < 2:
        raise UploadRefused(
            "This version has fewer than two classes of a size that can be learnt. Restore an earlier one, or add data."
        )
    kept = large[manifest.labels]
    return Manifest(
        manifest.dataset, manifest.version, manifest.numbers[kept], manifest.labels[kept], manifest.words
    )


def _stem(dataset: VersionedDataset) -> str:
    return dataset.name.rsplit(".", 1)[0][:200]
