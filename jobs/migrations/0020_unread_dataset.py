"""A dataset whose reading was refused has no samples: it is kept, so that other columns can be chosen."""

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar = [("jobs", "0019_any_kind")]
    operations: ClassVar = [
        migrations.RemoveConstraint(model_name="dataset", name="dataset_has_samples"),
        migrations.AddConstraint(
            model_name="dataset",
            constraint=models.CheckConstraint(
                condition=models.Q(("sample_count__gte", 0)), name="dataset_counts_samples"
            ),
        ),
    ]
