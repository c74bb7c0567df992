"""Tells the operator of models whose stored files were found damaged."""

from datetime import datetime

from jobs.notices import alerts
from modelstore.models import TrainedModel

_NAMED = 5


def look(now: datetime) -> int:
    """Opens an alert, or counts it, while there are such models; answers how many there are."""
    damaged = TrainedModel.objects.damaged().order_by("-pk")
    names = [f"{model.task_name} (number {model.pk})" for model in damaged.only("task_name")[: _NAMED + 1]]
    if not names:
        return 0
    count = damaged.count() if len(names) > _NAMED else len(names)
    named = ", ".join(names[:_NAMED]) + (" and others" if count > _NAMED else "")
    alerts.tell(
        "damaged_model",
        f"The stored files of {count} model{'' if count == 1 else 's'} are damaged, and their users get 503: {named}. "
        "Put the files back from a backup, or delete the models.",
        now,
    )
    return count
