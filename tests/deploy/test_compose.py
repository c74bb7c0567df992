"""compose.yaml, its Dockerfile and the runbook: what they name exists."""

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import get_commands, load_command_class
from django.urls import resolve

ROOT = Path(__file__).resolve().parents[2]
COMPOSE = ROOT / "deploy" / "compose"
OPERATORS = (ROOT / "docs" / "operators.md").read_text()
RUNBOOK = (ROOT / "docs" / "runbook.md").read_text()


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    document = yaml.safe_load((COMPOSE / "compose.yaml").read_text())
    found: dict[str, Any] = document["services"]
    return found


def called(text: str) -> list[list[str]]:
    """Every call of manage.py: command and what follows it."""
    text = re.sub(r"(?:python|\.venv/bin/python) manage\.py ", "manage ", text)
    lines = [line.split("    #")[0].split("  #")[0] for line in text.splitlines()]
    found = []
    for line in lines:
        for part in re.split(r"&&|`", line):
            words = part.strip()
            if words.startswith("manage ") and "…" not in words and "=" not in words.split()[0]:
                found.append(shlex.split(words.removeprefix("manage ")))
    return found


def parse(call: list[str]) -> None:
    """Fails when the command or one of its options is not there."""
    name, *arguments = call
    if name not in get_commands():
        pytest.fail(f"There is no command {name}.")
    command: Any = get_commands()[name]
    command = load_command_class(command, name) if isinstance(command, str) else command
    parser = command.create_parser("manage.py", name)
    known = {option for action in parser._actions for option in action.option_strings}
    for argument in arguments:
        if argument.startswith("--"):
            assert argument.split("=")[0] in known, f"{name} {argument}"


def test_every_command_of_the_runbook_exists() -> None:
    calls = called(RUNBOOK)
    assert len(calls) > 10
    for call in calls:
        parse(call)


def test_the_services_run_what_there_is(services: dict[str, Any]) -> None:
    commands = [str(service.get("command", "")) for service in services.values()]
    calls = [call for command in commands if not command.startswith("sh ") for call in called(command)]
    inner = re.search(r'"(.*)"', services["migrate"]["command"])
    assert inner is not None
    calls += called(inner[1])
    assert {call[0] for call in calls} >= {"work", "migrate", "collectstatic", "load_demo"}
    for call in calls:
        parse(call)


def test_nothing_but_the_site_is_reached_and_only_from_this_machine(services: dict[str, Any]) -> None:
    assert {name: service["ports"] for name, service in services.items() if "ports" in service} == {
        "web": ["127.0.0.1:8000:8000"]
    }


def test_our_services_are_confined(services: dict[str, Any]) -> None:
    for name in ("migrate", "web", "control", "training"):
        service = services[name]
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert service["init"] is True
        assert service["pids_limit"] > 0
        assert service["ulimits"] == {"core": 0}
        assert "flash:/var/lib/flash" in service["volumes"]


def test_the_database_and_redis_are_reached_by_ours_alone_and_reach_nothing(services: dict[str, Any]) -> None:
    document = yaml.safe_load((COMPOSE / "compose.yaml").read_text())
    assert document["networks"]["inside"] == {"internal": True}
    for name in ("postgres", "redis"):
        assert services[name]["networks"] == ["inside"]
    assert services["web"]["networks"] == ["out", "inside"]


def test_the_image_holds_only_what_is_named() -> None:
    """`COPY . .` would take whatever secret lies beside the code where a builder does not know our ignore file."""
    dockerfile = (COMPOSE / "Dockerfile").read_text()
    sources = {
        source for line in re.findall(r"^COPY (.*)$", dockerfile, re.M) for source in line.split()[:-1]
    }
    assert sources == {
        "deploy/install.sh",
        "requirements*.txt",
        "manage.py",
        "templates",
        "flashsite",
        "jobs",
        "modelstore",
        "training",
    }


def test_one_service_migrates_and_the_others_wait_for_it(services: dict[str, Any]) -> None:
    for name in ("web", "control", "training"):
        needs = services[name]["depends_on"]
        assert needs["migrate"]["condition"] == "service_completed_successfully"
        assert needs["redis"]["condition"] == "service_healthy"
    assert services["migrate"]["depends_on"]["postgres"]["condition"] == "service_healthy"


def test_redis_keeps_its_messages(services: dict[str, Any]) -> None:
    assert "noeviction" in services["redis"]["command"]
    assert "--appendonly yes" in services["redis"]["command"]


def test_the_health_page_is_where_it_is_asked_for(services: dict[str, Any]) -> None:
    asked = re.search(r"http://localhost:8000(/[a-z]+/)", " ".join(services["web"]["healthcheck"]["test"]))
    assert asked is not None
    assert resolve(asked[1]).url_name == "health"


def test_no_secret_has_a_default() -> None:
    example = dict(
        line.split("=", 1)
        for line in (COMPOSE / "env.example").read_text().splitlines()
        if line and not line.startswith("#")
    )
    assert (example["POSTGRES_PASSWORD"], example["FLASH_SECRET_KEY"]) == ("", "")
    known = set(re.findall(r"FLASH_[A-Z0-9_]+", OPERATORS)) | {"POSTGRES_PASSWORD", "FLASH_REQUIREMENTS"}
    assert set(example) <= known


def test_the_image_is_made_of_what_there_is() -> None:
    dockerfile = (COMPOSE / "Dockerfile").read_text()
    for line in re.findall(r"^COPY (.*)$", dockerfile, re.M):
        for source in line.split()[:-1]:
            assert (ROOT / source).exists() or list(ROOT.glob(source)), source
    assert re.search(r"^USER flash$", dockerfile, re.M)
    config = re.search(r'"--config", "([^"]+)"', dockerfile)
    assert config is not None
    assert (ROOT / config[1]).exists()
