from typing import Any

from django.db import migrations
from django.db.models import F


def fill(apps: Any, schema_editor: Any) -> None:
    """Until now the score of every model was its accuracy."""
    jobs = apps.get_model("jobs", "Job").objects.using(schema_editor.connection.alias)
    jobs.filter(score_value=None, accuracy__isnull=False).update(score_value=F("accuracy"))


class Migration(migrations.Migration):
    dependencies = [
        ("jobs", "0017_score"),
    ]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop, elidable=True)]
