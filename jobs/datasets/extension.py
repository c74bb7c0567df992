"""Adds new data to an earlier dataset: a dataset of its own, checked like any upload; what is in both counts once.

Where versions of the earlier data are kept, the whole is its newest version.
"""

from jobs.datasets import dataset_store, reading
from jobs.datasets.versions import recording, training_sets
from jobs.datasets.versions.recording import NOBODY, Told
from jobs.errors import SubmissionInvalid
from jobs.models import Dataset, VersionedDataset
from jobs.uploads import uploads_of
from modelstore.ground import temporary
from training.kinds import MANY_LABELS, kind_of


def extended(*, base: Dataset | VersionedDataset, more: Dataset, told: Told = NOBODY) -> Dataset:
    """A new dataset of `base` and `more`, the order kept; both stay. SubmissionInvalid when they do not mix.

    Of versions, `base` stands for the newest one, and there is one more afterwards. Raises as an upload does where the
    whole is too large or makes no sense, and NotPossibleNow where another version came first.
    """
    _check_mixes(base, more)
    if isinstance(base, VersionedDataset):
        return _of_versions(base, more, told)
    if base.version is not None and base.versions_token:
        versions = base.version.dataset
        versions.token = base.versions_token
        return _of_versions(versions, more, told)
    with temporary.folder() as folder:
        parts = []
        for number, dataset in enumerate((base, more)):
            part = folder / str(number)
            part.mkdir()
            dataset_store.materialise(dataset=dataset, run_dir=part)
            parts.append(part / "data")
        path = reading.merge(task=more.task_type, parts=parts, folder=folder)
        name = f"{_stem(base)} and more{path.suffix}"
        return dataset_store.store_file(
            task_type=more.task_type,
            path=path,
            name=name,
            sha256="",
            options=uploads_of(more.task_type).MERGED,
            keep_unread=False,
        )


def _of_versions(versions: VersionedDataset, more: Dataset, told: Told) -> Dataset:
    version = recording.extend(dataset=versions, more=more, told=told)
    return training_sets.checked_out_version(version=version, token=versions.token)


def _check_mixes(base: Dataset | VersionedDataset, more: Dataset) -> None:
    if base.task_type != more.task_type:
        message = f"{_samples(base).capitalize()} and {_samples(more)} cannot be mixed."
        raise SubmissionInvalid(
            "The two datasets are of different kinds.", fields={"extend_dataset": [message]}
        )
    many = base.has_many_labels if isinstance(base, VersionedDataset) else _has_many(base)
    if many or _has_many(more):
        message = (
            f"{_samples(more).capitalize()} with several labels each cannot be added to earlier ones yet. Upload all "
            "of them as one file."
        )
        raise SubmissionInvalid(
            "These datasets cannot be put together.", fields={"extend_dataset": [message]}
        )


def _has_many(dataset: Dataset) -> bool:
    return bool(dataset.findings.get("target") == MANY_LABELS)


def _samples(dataset: Dataset | VersionedDataset) -> str:
    return kind_of(dataset.task_type).words.samples


def _stem(dataset: Dataset) -> str:
    return dataset.name.rsplit(".", 1)[0].removesuffix(" and more")[:200]
