"""What happens when the site starts: kinds of tasks from outside are known, or the setting is refused."""

from typing import Any

import pytest
from django.apps import apps
from django.core.exceptions import ImproperlyConfigured

from tests.whole.numbers_kind import KIND
from training.kinds import kind_of, unregister


def test_kinds_from_outside_are_known_afterwards(settings: Any) -> None:
    settings.FLASH_KINDS = ["tests.whole.numbers_kind"]
    apps.get_app_config("flashsite").ready()
    assert kind_of(KIND.task) is KIND
    unregister(KIND)


@pytest.mark.parametrize("name", ["no_such_kind", "tests.whole.numbers_kind.table", "tests.whole"])
def test_a_wrong_name_is_refused_with_the_setting_that_has_it(settings: Any, name: str) -> None:
    settings.FLASH_KINDS = [name]
    with pytest.raises(ImproperlyConfigured, match=r"^FLASH_KINDS: The kind of task '.*' cannot be used\."):
        apps.get_app_config("flashsite").ready()
