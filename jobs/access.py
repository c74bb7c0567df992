"""The only way from a token in a request to a row."""

from django.db.models import QuerySet

from jobs.errors import DatasetUnknown, JobUnknown
from jobs.models import Dataset, Job
from modelstore.ground import tokens
from modelstore.ground.known_kind import check_kind

# Followed every second: what the dataset's own page shows is not read for it.
_LONG = ("dataset__findings", "dataset__thumbnails", "dataset__notes_csv", "dataset__seen")


def get_job(token: str) -> Job:
    """The job of `token`; JobUnknown (404) otherwise. Looked up by digest, so timing tells nothing of the token."""
    jobs = Job.objects.select_related("model", "dataset").defer(*_LONG)
    job = jobs.filter(token_digest=tokens.digest(token)).first()
    if job is None:
        raise JobUnknown("There is no job with this token. Check that you copied all of it.")
    check_kind(job.task_type)
    return job


def get_dataset(token: str) -> Dataset:
    """The dataset of `token`; DatasetUnknown (404) otherwise."""
    dataset = Dataset.objects.defer("notes_csv").filter(token_digest=tokens.digest(token)).first()
    if dataset is None:
        raise DatasetUnknown(
            "This dataset is no longer here: it was used up by its training or forgotten after a while. "
            "Upload it again."
        )
    check_kind(dataset.task_type)
    return dataset


def jobs_of(tokens_seen: list[str]) -> QuerySet[Job]:
    """The jobs of several tokens at once, for "recent in this browser"."""
    return Job.objects.select_related("model").filter(
        token_digest__in=[tokens.digest(token) for token in tokens_seen]
    )
