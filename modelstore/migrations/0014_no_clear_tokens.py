"""Takes the tokens out of the database: rows are found by their digests."""

from typing import ClassVar

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies: ClassVar = [("modelstore", "0013_deletions_counted")]
    operations: ClassVar = [
        migrations.RemoveConstraint(model_name="trainedmodel", name="trained_model_has_token_and_files"),
        migrations.RemoveField(model_name="trainedmodel", name="token"),
        migrations.AddConstraint(
            model_name="trainedmodel",
            constraint=models.CheckConstraint(
                condition=~Q(token_digest="") & ~Q(storage_prefix=""),
                name="trained_model_has_token_and_files",
            ),
        ),
    ]
