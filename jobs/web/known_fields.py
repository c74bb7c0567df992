"""Serializers that refuse unknown fields, together with whatever else is wrong."""

from collections.abc import Callable, Mapping
from typing import Any

from rest_framework import serializers

from modelstore.ground.problems import unknown_fields


class KnownFieldsOnly(serializers.Serializer[Any]):
    """As described and no more."""

    def to_internal_value(self, data: Any) -> Any:
        """Told with the wrong fields are those that there are not."""
        unknown = unknown_fields(set(data), set(self.fields)) if isinstance(data, dict) else {}
        return all_at_once(unknown, lambda: super(KnownFieldsOnly, self).to_internal_value(data))


def all_at_once(wrong: Mapping[str, list[str]], read: Callable[[], Any]) -> Any:
    """What `read` answers; raises ValidationError with `wrong`, if any, and what `read` refuses besides."""
    try:
        value = read()
    except serializers.ValidationError as error:
        if wrong and isinstance(error.detail, dict):
            raise serializers.ValidationError({**error.detail, **wrong}) from error
        raise
    if wrong:
        raise serializers.ValidationError(dict(wrong))
    return value
