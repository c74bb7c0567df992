"""Adds new data to an earlier dataset: a dataset of its own, checked like any upload; what is in both counts once."""

from jobs.datasets import dataset_store, reading
from jobs.errors import SubmissionInvalid
from jobs.models import Dataset
from jobs.uploads import uploads_of
from modelstore.ground import temporary
from training.kinds import MANY_LABELS, kind_of


def extended(*, base: Dataset, more: Dataset) -> Dataset:
    """A new dataset of `base` and `more`, the order kept; both stay. SubmissionInvalid when they do not mix.

    Raises as an upload does where the whole is too large or makes no sense.
    """
    if base.task_type != more.task_type:
        message = f"{_samples(base).capitalize()} and {_samples(more)} cannot be mixed."
        raise SubmissionInvalid(
            "The two datasets are of different kinds.", fields={"extend_dataset": [message]}
        )
    if MANY_LABELS in (base.findings.get("target"), more.findings.get("target")):
        message = (
            f"{_samples(more).capitalize()} with several labels each cannot be added to earlier ones yet. Upload all "
            "of them as one file."
        )
        raise SubmissionInvalid(
            "These datasets cannot be put together.", fields={"extend_dataset": [message]}
        )
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


def _samples(dataset: Dataset) -> str:
    return kind_of(dataset.task_type).words.samples


def _stem(dataset: Dataset) -> str:
    return dataset.name.rsplit(".", 1)[0].removesuffix(" and more")[:200]
