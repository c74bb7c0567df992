from typing import Any

from django.db import migrations
from django.db.models import F


def fill(apps: Any, schema_editor: Any) -> None:
    """Until now the score of every model was its accuracy."""
    models = apps.get_model("modelstore", "TrainedModel").objects.using(schema_editor.connection.alias)
    models.filter(score_value=None).update(
        score_value=F("accuracy"), score_low=F("accuracy_low"), score_high=F("accuracy_high")
    )


class Migration(migrations.Migration):
    dependencies = [
        ("modelstore", "0007_score"),
    ]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop, elidable=True)]
