"""A cap in money is a cap in minutes at the price of the machine, its start and its idle time included."""

from typing import Any

import pytest

from jobs.errors import SubmissionInvalid
from jobs.submitting.job_options import read_job_options

pytestmark = pytest.mark.django_db


@pytest.fixture
def ec2(settings: Any) -> Any:
    settings.FLASH_COMPUTE = "ec2"
    settings.FLASH_EC2_TYPES = ["g5.xlarge"]
    settings.FLASH_EC2_PRICES = {"g5.xlarge": 3.6}
    return settings


def _refusal(**fields: Any) -> str:
    with pytest.raises(SubmissionInvalid) as refused:
        read_job_options(fields)
    return " ".join(refused.value.fields["max_money"])


@pytest.mark.usefixtures("ec2")
def test_an_amount_pays_for_minutes_besides_start_and_idle_time(settings: Any) -> None:
    minutes = read_job_options({"max_money": "3.60"}).max_minutes
    assert minutes is not None
    besides = 300 + settings.FLASH_IDLE_GRACE.total_seconds() + 60
    assert minutes == (3600 - besides) // 60
    assert (60 * minutes + besides) * 3.6 / 3600 <= 3.6


@pytest.mark.usefixtures("ec2")
def test_the_stricter_of_two_caps_holds() -> None:
    assert read_job_options({"max_money": "30", "max_minutes": "5"}).max_minutes == 5
    tight = read_job_options({"max_money": "1.5", "max_minutes": "5000"}).max_minutes
    assert tight is not None
    assert tight < 25


@pytest.mark.usefixtures("ec2")
def test_what_pays_for_nothing_says_what_would() -> None:
    words = _refusal(max_money="0.1")
    assert "less than a minute" in words
    least = next(word for word in words.split() if word[0].isdigit())
    assert read_job_options({"max_money": least}).max_minutes == 1
    assert read_job_options({"max_money": ""}).max_minutes is None


@pytest.mark.usefixtures("ec2")
@pytest.mark.parametrize("amount", ["much", "-1", "0", "1e99", "nan"])
def test_no_amount_is_refused_in_words(amount: str) -> None:
    assert "such as 2.50" in _refusal(max_money=amount)


def test_where_nothing_has_a_price_no_amount_can_be_kept_to() -> None:
    assert "costs nothing" in _refusal(max_money="2")


def test_this_machine_has_a_price_but_no_start(settings: Any) -> None:
    settings.FLASH_LOCAL_PRICE = 0.6
    assert read_job_options({"max_money": "0.1"}).max_minutes == 10
