"""Jobs know the columns that held the text, so that whole files are predicted from the same ones."""

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar = [("jobs", "0020_unread_dataset")]
    operations: ClassVar = [
        migrations.AddField(
            model_name="job",
            name="reading",
            field=models.JSONField(
                null=True,
                blank=True,
                help_text="The columns that held the text of its dataset, which may be gone.",
            ),
        ),
    ]
