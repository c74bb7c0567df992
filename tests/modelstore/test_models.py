"""What the tables allow, and when a model expires."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from modelstore.ground.tokens import digest, new_token
from modelstore.models import CleanupPolicy, TrainedModel

HOUR = timedelta(hours=1)


def row(**columns: Any) -> TrainedModel:
    token = new_token()
    values: dict[str, Any] = {
        "token_digest": digest(token),
        "task_type": "imageclassification",
        "task_name": "x",
        "model_name": "resnet18",
        "classes": ["a", "b"],
        "accuracy": 0.5,
        "accuracy_low": 0.4,
        "accuracy_high": 0.6,
        "report": {},
        "manifest": {},
        "storage_prefix": f"jobs/{token}/1",
        "size_bytes": 1,
    }
    return TrainedModel(**(values | columns))


@pytest.mark.parametrize(
    "columns",
    [
        {"accuracy": 1.2, "accuracy_high": 1.2},
        {"accuracy": -0.1, "accuracy_low": -0.1},
        {"accuracy": 0.3},
        {"task_type": ""},
        {"token_digest": ""},
        {"storage_prefix": ""},
    ],
)
def test_it_refuses_rows_that_make_no_sense(db: None, columns: dict[str, Any]) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        row(**columns).save()


@pytest.mark.parametrize("column", ["token_digest", "storage_prefix"])
def test_no_two_models_share_a_token_or_files(db: None, column: str) -> None:
    first = row()
    first.save()
    with pytest.raises(IntegrityError), transaction.atomic():
        row(**{column: getattr(first, column)}).save()


def test_there_is_one_policy_with_a_positive_retention(db: None) -> None:
    for policy in (CleanupPolicy(pk=2), CleanupPolicy(pk=1, retention=timedelta(seconds=-1))):
        with pytest.raises(IntegrityError), transaction.atomic():
            policy.save(force_insert=True)


def test_the_policy_in_force_is_two_hours_unless_set_and_reading_it_writes_nothing(db: None) -> None:
    assert (CleanupPolicy.current().active, CleanupPolicy.current().retention) == (True, 2 * HOUR)
    assert not CleanupPolicy.objects.exists()
    CleanupPolicy(pk=1, active=False).save()
    assert not CleanupPolicy.current().active


def test_expiry_follows_pin_then_its_own_time_then_the_policy() -> None:
    now = timezone.now()
    on, off = CleanupPolicy(active=True, retention=2 * HOUR), CleanupPolicy(active=False)
    assert row(created=now).expires(on) == now + 2 * HOUR
    assert row(created=now).expires(off) is None
    assert row(created=now, expires_override=now).expires(off) == now
    assert row(created=now, expires_override=now + 9 * HOUR).expires(on) == now + 9 * HOUR
    assert row(created=now, expires_override=now, pinned=True).expires(on) is None


def test_a_model_older_than_a_day_is_expired_too() -> None:
    now = timezone.now()
    old = row(created=now - timedelta(days=3, minutes=1))
    assert old.is_expired(CleanupPolicy(), now)


@given(
    age=st.timedeltas(min_value=-HOUR, max_value=100 * HOUR),
    override=st.none() | st.timedeltas(min_value=-3 * HOUR, max_value=3 * HOUR),
    pinned=st.booleans(),
    active=st.booleans(),
    retention=st.timedeltas(min_value=timedelta(minutes=1), max_value=90 * HOUR),
)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_database_and_the_row_agree_on_what_is_expired(
    db: None, age: timedelta, override: timedelta | None, pinned: bool, active: bool, retention: timedelta
) -> None:
    TrainedModel.objects.all().delete()
    now = timezone.now()
    policy = CleanupPolicy(active=active, retention=retention)
    model = row(
        created=now - age, pinned=pinned, expires_override=None if override is None else now + override
    )
    model.save()
    expired = model.is_expired(policy, now)
    assert TrainedModel.objects.expired(now, policy).exists() is expired
    assert TrainedModel.objects.live(now, policy).exists() is not expired


def test_tokens_are_long_random_and_fit_in_addresses_and_commands() -> None:
    tokens = {new_token() for _ in range(1000)}
    assert len(tokens) == 1000
    assert all(len(token) == 22 and token.isascii() and token.isalnum() for token in tokens)


def test_any_string_has_a_digest() -> None:
    assert len(digest("\ud800\0" + "x" * 100_000)) == 64
