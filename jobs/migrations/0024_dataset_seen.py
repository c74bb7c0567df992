"""What the check found out of a dataset is kept, so that unpacking need not find it out again."""

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar = [("jobs", "0023_batch_reading")]
    operations: ClassVar = [
        migrations.AddField(
            model_name="dataset",
            name="seen",
            field=models.TextField(
                blank=True,
                default="",
                help_text="What unpacking need not find out again, in the words of the kind.",
            ),
        ),
    ]
