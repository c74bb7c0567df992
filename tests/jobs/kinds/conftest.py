"""What the tests of uploads have, for those of one kind."""

from tests.jobs.uploads.conftest import inspect_text, inspect_zip, refusal_of

__all__ = ["inspect_text", "inspect_zip", "refusal_of"]
