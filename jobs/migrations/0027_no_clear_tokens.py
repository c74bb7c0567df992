"""Takes the tokens out of the database: rows are found by their digests."""

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar = [("jobs", "0026_seal_tokens")]
    operations: ClassVar = [
        *(
            migrations.RemoveField(model_name=name, name="token")
            for name in ("job", "dataset", "batchprediction", "uploadsession")
        ),
        migrations.AlterField(
            model_name="job",
            name="idempotency_key",
            field=models.CharField(max_length=64, null=True, blank=True, unique=True),
        ),
    ]
