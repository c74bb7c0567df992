"""The kind of a task on the wire."""

from typing import Any

from rest_framework import serializers

from training.kinds import KINDS, kinds_taking, task_choices

# For the examples of the API's description: what is uploaded as a table, and as a zip.
A_TABLE, A_ZIP = (kinds_taking(suffix)[0].task for suffix in (".csv", ".zip"))


class TaskField(serializers.ChoiceField):
    """The name of a task, one of those that the registry of kinds has when a request comes."""

    def __init__(self, **kwargs: Any) -> None:
        told = f"Give {' or '.join(KINDS)}."
        messages: dict[str, Any] = {
            "required": told,
            "null": told,
            "invalid_choice": f"There is no kind of task “{{input}}”. {told}",
        }
        super().__init__(choices=task_choices(), error_messages=messages, **kwargs)

    def to_internal_value(self, data: Any) -> Any:
        """The task; a value is shown cut to a glance."""
        return super().to_internal_value(data if str(data) in KINDS else str(data)[:60])
