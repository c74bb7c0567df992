"""The only way from a token in a request to a row."""

from django.db.models import QuerySet

from jobs.errors import DatasetUnknown, JobUnknown, VersionUnknown
from jobs.models import Dataset, Job, VersionedDataset
from modelstore.ground import tokens
from modelstore.ground.known_kind import check_kind
from modelstore.models import find

# Followed every second: what the dataset's own page shows is not read for it.
_LONG = ("dataset__findings", "dataset__thumbnails", "dataset__notes_csv", "dataset__seen")


def get_job(token: str) -> Job:
    """The job of `token`; JobUnknown (404) otherwise. Looked up by digest, so timing tells nothing of the token."""
    job = find(_jobs(), token)
    if job is None:
        raise JobUnknown("There is no job with this token. Check that you copied all of it.")
    check_kind(job.task_type)
    return job


def named_job(words: str) -> Job:
    """For operators: the job with this number, as lists show it, or of this token; JobUnknown (404) otherwise."""
    if not tokens.is_number(words):
        return get_job(words)
    job = _jobs().filter(pk=int(words)).first()
    if job is None:
        raise JobUnknown("There is no job with this number: look at the list.")
    check_kind(job.task_type)
    return job


def get_dataset(token: str) -> Dataset:
    """The dataset of `token`; DatasetUnknown (404) otherwise."""
    dataset = find(Dataset.objects.defer("notes_csv"), token)
    if dataset is None:
        raise DatasetUnknown(
            "This dataset is no longer here: it was used up by its training or forgotten after a while. "
            "Upload it again."
        )
    check_kind(dataset.task_type)
    return dataset


def get_versions(token: str) -> VersionedDataset:
    """The dataset whose versions `token` opens; VersionUnknown (404) otherwise."""
    dataset = find(VersionedDataset.objects.all(), token)
    if dataset is None:
        raise VersionUnknown(
            "There are no versions of a dataset under this token, or they were forgotten after a while."
        )
    check_kind(dataset.task_type)
    return dataset


def get_any_dataset(token: str) -> Dataset | VersionedDataset:
    """An upload, or a dataset of which versions are kept; DatasetUnknown (404) where the token opens neither."""
    try:
        return get_versions(token)
    except VersionUnknown:
        return get_dataset(token)


def jobs_of(tokens_seen: list[str]) -> list[Job]:
    """The jobs of several tokens that there still are, in their order, for "recent in this browser"; one query."""
    wanted = {tokens.digest(token): token for token in tokens_seen}
    found = {
        job.token_digest: job
        for job in Job.objects.select_related("model").filter(token_digest__in=list(wanted))
    }
    for key, job in found.items():
        job.token = wanted[key]
    return [found[key] for key in wanted if key in found]


def _jobs() -> QuerySet[Job]:
    return Job.objects.select_related("model", "dataset", "version").defer(*_LONG)
