"""Which version a model learnt from, and who has the token of its dataset."""

from django.db.models import Q

from jobs.models import DatasetVersion, Job
from modelstore.ground import sealing
from modelstore.models import TrainedModel


def learnt_from(model: TrainedModel) -> tuple[DatasetVersion, str] | None:
    """The version that the model of today learnt from, and the token of its dataset; None where none is kept.

    The model's own token must be known.
    """
    # Whichever of the model's own versions answers; those from before they were counted all have the number 1.
    before = Q(continues=model, comparison__verdict="took_over", comparison__version__isnull=True)
    first = Q(model=model) | before
    later = Q(continues=model, comparison__version=model.version)
    jobs = Job.objects.filter(first if model.version == 1 else later).select_related("version__dataset")
    job = jobs.order_by("-finished", "-pk").first()
    if job is None or job.version is None:
        return None
    sealed = job.sealed_versions if job.model_id == model.pk else job.sealed_versions_continued
    token = sealing.unseal(sealed, sealing.key_of_token(model.token)) if sealed else ""
    if not token:
        return None
    job.version.dataset.token = token
    return job.version, token
