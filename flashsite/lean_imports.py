"""Loads the API's libraries without what they would load only because it happens to be installed."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module

# Field types of PostgreSQL with the whole of psycopg, coloured pages, a client for tests, templates, YAML: features of
# these libraries that Flash does not use or not at once, a fifth of the time that the web needs to start.
_UNUSED = ("django.contrib.postgres.fields", "pygments", "requests", "jinja2", "yaml")
# Where they are looked for, "is it installed?", once and for good.
_LOOKED_FOR_IN = ("rest_framework.compat", "drf_spectacular.plumbing")


def load_api_libraries() -> None:
    """Imports Django REST framework and drf-spectacular; the apps must be loaded."""
    with _hidden():
        for name in _LOOKED_FOR_IN:
            import_module(name)


@contextmanager
def _hidden() -> Iterator[None]:
    """While in it, what is not used and not loaded yet cannot be imported, as where it is not installed."""
    hidden = [name for name in _UNUSED if name not in sys.modules]
    # None is Python's own mark for that (the import system, "The module cache").
    sys.modules.update(dict.fromkeys(hidden))  # type: ignore[arg-type]
    try:
        yield
    finally:
        for name in hidden:
            del sys.modules[name]
