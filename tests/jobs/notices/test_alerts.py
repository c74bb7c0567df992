"""Operators hear of what is wrong: in the admin at once, by e-mail once a day."""

import smtplib
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from flashsite.checks import alerts_can_be_mailed
from jobs.compute.actions import Explain
from jobs.compute.fleet import Policy
from jobs.compute.planning import plan
from jobs.models import Alert, Fleet, Launch, Server
from jobs.notices import alerts

pytestmark = pytest.mark.django_db


@pytest.fixture
def operators(settings: Any) -> None:
    settings.ADMINS = [("", "op@example.org"), ("", "boss@example.org")]


@pytest.fixture
def operator(client: Client) -> Client:
    client.force_login(User.objects.create_superuser("operator"))
    return client


@pytest.mark.usefixtures("operators")
def test_one_row_counts_and_one_mail_a_day_goes_out() -> None:
    now = timezone.now()
    for minutes in (0, 1, 2, 23 * 60, 24 * 60, 24 * 60 + 1):
        alerts.tell("boot", f"i-1 was stopped at {minutes}.", now + timedelta(minutes=minutes))
    row = Alert.objects.get()
    assert (row.count, row.message) == (6, "i-1 was stopped at 1441.")
    assert len(mail.outbox) == 2
    assert mail.outbox[0].to == ["op@example.org", "boss@example.org"]
    assert mail.outbox[0].subject == "[Flash] boot: i-1 was stopped at 0."
    assert "manage.py check_compute" in mail.outbox[0].body


@pytest.mark.usefixtures("operators")
def test_a_cleared_alert_that_comes_back_is_new() -> None:
    alerts.tell("boot", "Once.", timezone.now())
    Alert.objects.update(cleared=timezone.now())
    alerts.tell("boot", "Again.", timezone.now())
    assert (Alert.objects.count(), len(mail.outbox)) == (2, 2)


@pytest.mark.usefixtures("operators")
def test_a_mail_that_could_not_be_sent_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise smtplib.SMTPServerDisconnected

    with monkeypatch.context() as patch:
        patch.setattr(alerts, "mail_admins", refuse)
        alerts.tell("boot", "i-1 was stopped.", timezone.now())
    assert Alert.objects.get().mailed is None
    alerts.tell("boot", "i-1 was stopped.", timezone.now())
    assert len(mail.outbox) == 1


def test_without_addresses_nothing_is_mailed() -> None:
    alerts.tell("boot", "i-1 was stopped.", timezone.now())
    assert mail.outbox == []
    assert Alert.objects.get().mailed is None


@pytest.mark.usefixtures("operators")
def test_addresses_without_a_mail_server_are_a_system_check(settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST = ""
    (found,) = alerts_can_be_mailed()
    assert "FLASH_EMAIL_HOST" in found.msg
    settings.EMAIL_HOST = "mail.example.org"
    assert alerts_can_be_mailed() == []


def test_a_tag_that_no_machine_carries_is_told_to_the_operator() -> None:
    (action,) = plan(1, 0, [], [], timezone.now(), Policy())
    assert isinstance(action, Explain)
    assert action.alert == "no machine"
    assert "The operator has been notified" in action.reason


def test_open_alerts_head_the_admin(operator: Client) -> None:
    alerts.tell("boot", "i-1 <was> stopped.", timezone.now())
    page = operator.get(reverse("admin:index")).content.decode()
    assert "i-1 &lt;was&gt; stopped." in page
    url = reverse("admin:jobs_alert_changelist")
    form = {"action": "clear", "_selected_action": [Alert.objects.get().pk]}
    assert "Clear these alerts?" in operator.post(url, form).content.decode()
    assert Alert.objects.get().cleared is None, "not before the question is answered"
    assert not LogEntry.objects.exists()
    operator.post(url, form | {"confirmed": "yes"})
    assert "stopped." not in operator.get(reverse("admin:index")).content.decode().split("Recent actions")[0]
    assert LogEntry.objects.get().change_message == "Cleared."


def test_the_fleet_shows_limits_prices_and_what_it_costs_now(operator: Client, settings: Any) -> None:
    settings.FLASH_COMPUTE, settings.FLASH_AWS_REGION = "ec2", "eu-west-1"
    settings.FLASH_EC2_POOL, settings.FLASH_EC2_PRICES = 3, {"g4dn.xlarge": 0.526, "g5.xlarge": 1.006}
    for number, state in enumerate(("running", "pending", "stopped")):
        Server.objects.create(name=f"i-{number}", driver="ec2", state=state, instance_type="g4dn.xlarge")
    assert operator.get(reverse("admin:jobs_fleet_changelist")).status_code == 200
    page = operator.get(reverse("admin:jobs_fleet_change", args=[Fleet.current().pk])).content.decode()
    shown = {
        "Pool": "3",
        "Idle grace": "1 min",
        "Boot grace": "5 min",
        "Hard cap of uptime": "24 h",
        "g4dn.xlarge": "0.526 USD",
        "g5.xlarge": "1.006 USD",
    }
    for name, value in shown.items():
        assert f"<div>{name}: <strong>{value}</strong></div>" in page
    for words in ("2 of at most 3", "1.052 USD"):
        assert words in page
    assert "0.526 USD" in operator.get(reverse("admin:jobs_server_changelist")).content.decode()
    Server.objects.update(instance_type="p5.48xlarge")
    page = operator.get(reverse("admin:jobs_fleet_changelist")).content.decode()
    assert "FLASH_EC2_PRICES has no price" in page


def test_an_operator_ends_the_pauses_with_an_audit_row(operator: Client) -> None:
    fleet = Fleet.current()
    later = timezone.now() + timedelta(minutes=30)
    Fleet.objects.update(boot_failures=3, breaker_until=later, backoffs=2, backoff_until=later)
    url = reverse("admin:jobs_fleet_changelist")
    form = {"action": "try_again_now", "_selected_action": [fleet.pk]}
    assert "Forget all pauses?" in operator.post(url, form).content.decode()
    fleet.refresh_from_db()
    assert fleet.boot_failures == 3, "not before the question is answered"
    operator.post(url, form | {"confirmed": "yes"})
    fleet.refresh_from_db()
    assert (fleet.boot_failures, fleet.breaker_until, fleet.backoff_until) == (0, None, None)
    assert LogEntry.objects.get().change_message == "Pauses forgotten."


@pytest.fixture
def looker(client: Client) -> Client:
    """May look at the fleet, its machines and alerts, and change nothing."""
    user = User.objects.create_user("looker", is_staff=True)
    names = [f"view_{name}" for name in ("fleet", "alert", "server", "launch")]
    user.user_permissions.set(Permission.objects.filter(codename__in=names))
    client.force_login(user)
    return client


@pytest.mark.parametrize(
    ("model", "action"), [("fleet", "try_again_now"), ("alert", "clear"), ("server", "stop_machines")]
)
def test_who_may_only_look_does_nothing(looker: Client, model: str, action: str) -> None:
    Fleet.current()
    Fleet.objects.update(boot_failures=3)
    alerts.tell("boot", "i-1 was stopped.", timezone.now())
    Server.objects.create(name="i-1", driver="ec2", state="running")
    url = reverse(f"admin:jobs_{model}_changelist")
    page = looker.get(url)
    assert page.status_code == 200
    assert f'value="{action}"' not in page.content.decode()
    row = {"fleet": Fleet, "alert": Alert, "server": Server}[model].objects.get()
    looker.post(url, {"action": action, "_selected_action": [row.pk], "confirmed": "yes"})
    assert Fleet.current().boot_failures == 3
    assert Alert.objects.get().cleared is None
    assert Server.objects.get().stop_asked is None
    assert not LogEntry.objects.exists()


@pytest.mark.parametrize("model", ["server", "launch", "fleet"])
def test_nobody_deletes_rows_that_account_for_machines(operator: Client, model: str) -> None:
    """A machine of the pool that no row knows is terminated, whatever it does."""
    row: Any = Fleet.current()
    if model != "fleet":
        row = Launch.objects.create(token="t") if model == "launch" else Server.objects.create(name="i-1")
    assert (
        operator.post(reverse(f"admin:jobs_{model}_delete", args=[row.pk]), {"post": "yes"}).status_code
        == 403
    )
    assert type(row).objects.filter(pk=row.pk).exists()
