"""Files to predict, done and waiting, for what looks at their pages."""

from django.core.files.base import ContentFile

from jobs.batches import evaluations, runner, submission
from jobs.batches.options import BatchOptions
from jobs.models import BatchPrediction
from modelstore.ground import tokens
from modelstore.models import TrainedModel


def done_batch(model: TrainedModel, name: str, content: bytes) -> BatchPrediction:
    """A file that the real runner has predicted; nothing else may be waiting."""
    batch = submission.submit(
        model=model, upload=ContentFile(content, name=name), options=BatchOptions(), wake=False
    )
    assert runner.run_next()
    batch.refresh_from_db()
    assert batch.status == "done", batch.error
    return batch


def done_evaluation(model: TrainedModel, name: str, content: bytes) -> BatchPrediction:
    """A labelled file that the real runner has measured the model on."""
    batch = evaluations.submit(
        model=model, upload=ContentFile(content, name=name), options={}, accept_guesses=True, wake=False
    )
    assert runner.run_next()
    batch.refresh_from_db()
    assert batch.status == "done", batch.error
    return batch


def batch_row(model: TrainedModel, **values: object) -> BatchPrediction:
    """A row alone, waiting unless said otherwise."""
    fields = {"kind": "pictures", "name": "holiday.zip", "size_bytes": 1_000_000} | values
    return BatchPrediction.objects.create(token=tokens.new_token(), model=model, **fields)
