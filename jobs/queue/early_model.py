"""The model that can be used while the training goes on, and what becomes of it when the training ends.

It is the job's model from the start, under the job's token; see docs/decisions/035-an-early-model.md.
"""

from pathlib import Path

from django.db import transaction

from jobs.models import Job, JobEvent
from jobs.queue import leases
from modelstore.bundles import store
from modelstore.models import TrainedModel


@transaction.atomic
def publish(*, job: Job, bundle: Path, prefix: str) -> bool:
    """Makes an uploaded bundle the job's model for the time being; False: one that is no worse is there already.

    Raises LeaseLost when the job is no longer this attempt's.
    """
    leases.require(leases.renew(job))
    before = of(job)
    if before is None:
        model = _create(job, bundle, prefix)
        leases.require(leases.held(job).update(model=model) == 1)
    elif store.beats(folder=bundle, model=before):
        store.replace_bundle(model=before, folder=bundle, prefix=prefix)
    else:
        # An earlier attempt left it.
        store.abandon(prefix=prefix)
        return False
    _note(job, "A first model is ready: it can be used while the training goes on.")
    return True


def publish_better(*, job: Job, bundle: Path, prefix: str) -> TrainedModel:
    """The model of an ended training: the better one of `bundle` and the early model, under the job's token.

    Better is what `store.beats`, by the same validation samples. Call it inside the publishing transaction.
    """
    early = of(job)
    if early is None:
        return _create(job, bundle, prefix)
    before, after = early.score.shown, store.score_of(bundle).shown
    if store.beats(folder=bundle, model=early):
        store.replace_bundle(model=early, folder=bundle, prefix=prefix)
        _note(
            job,
            f"The full training ({after}) replaces the first model ({before}).",
        )
    else:
        store.abandon(prefix=prefix)
        store.begin_life(model=early)
        _note(
            job, f"The full training ({after}) is no better than the first model ({before}), "
            "so that one stays."
        )  # fmt: skip
    return early


def of(job: Job) -> TrainedModel | None:
    """The early model of `job`, locked; None when there is none (any more)."""
    key = Job.objects.filter(pk=job.pk).values_list("model_id", flat=True).first()
    return TrainedModel.objects.select_for_update().filter(pk=key).first() if key else None


def drop(job: Job) -> None:
    """Takes the early model of a cancelled job away; call it inside a transaction."""
    model = of(job)
    if model is not None:
        store.delete_model(model)


def _create(job: Job, bundle: Path, prefix: str) -> TrainedModel:
    return store.create_model(
        token_digest=job.token_digest,
        prefix=prefix,
        folder=bundle,
        task_name=job.task_name,
        downloadable=job.downloadable,
    )


def _note(job: Job, message: str) -> None:
    JobEvent.objects.create(job=job, kind=JobEvent.Kind.LOG, message=message)
