"""Places for tokens that are told again, sealed; see docs/decisions/080-tokens-are-stored-as-hashes.md."""

from typing import Any, ClassVar

from django.db import migrations, models


def _sealed(model: str, name: str, what: str) -> Any:
    field = models.CharField(max_length=128, blank=True, default="", db_default="", help_text=what)
    return migrations.AddField(model_name=model, name=name, field=field)


class Migration(migrations.Migration):
    dependencies: ClassVar = [("jobs", "0024_dataset_seen")]
    operations: ClassVar = [
        _sealed("job", "sealed_token", "Its token, for the lists of the API key that it was sent with."),
        _sealed("job", "sealed_dataset", "The token of its dataset, for whoever has its own."),
        _sealed(
            "job", "sealed_continued", "The token of the model that it continues, for whoever has its own."
        ),
        _sealed("job", "sealed_repeat", "Its token, for whoever repeats the request."),
        _sealed("batchprediction", "sealed_repeat", "Its token, for whoever repeats the request."),
        _sealed("uploadsession", "sealed_dataset", "The token of the dataset, for whoever has its own."),
        _sealed(
            "notice",
            "sealed_token",
            "The token of the job: an e-mail has a link, a webhook is signed with it.",
        ),
    ]
