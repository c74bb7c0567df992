"""Rows written by a process of the version before: while one server is upgraded, another still inserts."""

import pytest
from django.db import connection

from jobs.models import Job
from modelstore.models import TrainedModel


@pytest.mark.django_db
@pytest.mark.parametrize("model", [Job, TrainedModel])
def test_the_database_knows_the_score_of_rows_that_name_none(model: type) -> None:
    with connection.cursor() as cursor:
        columns = connection.introspection.get_table_description(cursor, model._meta.db_table)
    default = next(column.default for column in columns if column.name == "score_name")
    assert default is not None
    assert "accuracy" in default
