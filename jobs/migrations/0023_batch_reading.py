"""A batch may have labels, on which its model is measured."""

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar = [("jobs", "0022_upload_callers")]
    operations: ClassVar = [
        migrations.AddField(
            model_name="batchprediction",
            name="reading",
            field=models.JSONField(
                null=True,
                blank=True,
                help_text="Of a labelled file, on which the model is measured: how it was read. Empty for others.",
            ),
        ),
    ]
