"""One specification of a hyperparameter makes it known everywhere."""

import subprocess
import sys
from argparse import ArgumentParser
from collections.abc import Callable
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.http import QueryDict
from django.test import Client
from django.urls import reverse
from drf_spectacular.generators import SchemaGenerator

from jobs.management.commands.train import Command
from jobs.models import Dataset, Job
from jobs.submitting.hyperparameter_fields import add_option, api_table, field_of, with_table
from jobs.web.api.submission_serializers import TrainSerializer
from jobs.web.pages.forms import TrainForm
from tests.site.page import Page
from tests.tasks import Task
from training.ground import hyperparameters, recipe
from training.ground.hyperparameters import DATA, HYPERPARAMETERS, LEARNING, MODEL, RATE
from training.ground.limits import Limits
from training.ground.recipe import Recipe, RecipeInvalid, resolve
from training.ground.specification import Hyperparameter, ValueType
from training.kinds import kind_of

_GUIDE = Path(__file__).resolve().parents[3] / "docs" / "api.md"
WARMUP = Hyperparameter(
    name="warmup",
    type=ValueType.INTEGER,
    label="Warm-up",
    help="Epochs with a growing learning rate.",
    bounds=lambda limits, task: (0, 7),
    default=0,
)
MIXING = Hyperparameter(
    name="mixing",
    type=ValueType.OBJECT,
    label="Mix samples",
    help="Learns from blends of two.",
    parts=(
        Hyperparameter(
            name="strength",
            form_name="mixing_strength",
            type=ValueType.NUMBER,
            label="Strength",
            bounds=lambda limits, task: (0.1, 0.9),
            default=0.2,
        ),
    ),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class _WiderConfig(Recipe):
    """What a training that uses both would have."""

    warmup: int = 0
    mixing: Any = None


@pytest.fixture
def made_up(monkeypatch: pytest.MonkeyPatch) -> tuple[Hyperparameter, ...]:
    """Two more specifications, and the fields of the configuration that their training would use: nothing else."""
    specs = (*HYPERPARAMETERS, WARMUP, MIXING)
    monkeypatch.setattr(hyperparameters, "HYPERPARAMETERS", specs)
    monkeypatch.setattr(recipe, "Recipe", _WiderConfig)
    return specs


def test_a_new_one_is_read(made_up: tuple[Hyperparameter, ...]) -> None:
    told = resolve(Task.TEXT, {"warmup": "3", "mixing": {"strength": "0.5"}}).to_json()
    assert (told["warmup"], told["mixing"]) == (3, {"strength": 0.5})
    assert resolve(Task.TEXT, {}).to_json()["warmup"] == 0
    with pytest.raises(RecipeInvalid) as refusal:
        resolve(Task.TEXT, {"warmup": 8, "mixing": {"strength": 2, "x": 1}})
    assert refusal.value.fields["warmup"] == ["Must be from 0 to 7; you gave 8."]
    assert {"warmup", "mixing.strength", "mixing.x"} == set(refusal.value.fields)


def test_a_new_one_is_in_the_form_and_reaches_the_job(
    client: Client, made_up: tuple[Hyperparameter, ...], make_dataset: Callable[..., Dataset]
) -> None:
    address = reverse("dataset", args=[make_dataset().token])
    page = Page(client.get(address).content.decode())
    for name in ("warmup", "mixing", "mixing_strength"):
        assert page.all("input", id=f"id_{name}"), name
    assert page.all("div", **{"data-needs": "id_mixing"})
    assert "Warm-up" in page.text and "Epochs with a growing learning rate." in page.text
    wrong = client.post(address, {"task_name": "a", "warmup": "9", "mixing": "on", "mixing_strength": "5"})
    assert set(wrong.context["form"].errors) == {"warmup", "mixing_strength"}
    client.post(address, {"task_name": "a", "warmup": "2", "mixing": "on"})
    told = Job.objects.get().config
    assert (told["warmup"], told["mixing"]) == (2, {"strength": 0.2})


def test_a_new_one_is_in_the_api_and_its_schema(
    client: Client, made_up: tuple[Hyperparameter, ...], make_dataset: Callable[..., Dataset]
) -> None:
    assert {"warmup", "mixing"} <= set(TrainSerializer().fields)
    # Not through the view, which keeps the description that it made first.
    parts = SchemaGenerator().get_schema(request=None, public=True)["components"]["schemas"]
    for name in ("Submit", "SubmitChecked", "QuoteRequest"):
        field = next(parts[each] for each in (f"{name}Request", name) if each in parts)["properties"][
            "warmup"
        ]
        assert (field["minimum"], field["maximum"], field["description"]) == (0, 7, WARMUP.help)
    strength = next(part for name, part in parts.items() if name.startswith("Mixing"))["properties"][
        "strength"
    ]
    assert (strength["minimum"], strength["maximum"]) == (0.1, 0.9)
    body = {"dataset_token": make_dataset().token, "task_name": "a", "warmup": 4, "mixing": {}}
    assert client.post("/api/v1/jobs/", body, content_type="application/json").status_code == 201
    assert Job.objects.get().config["warmup"] == 4


@pytest.mark.django_db
def test_a_new_one_is_an_option_of_the_command(made_up: tuple[Hyperparameter, ...], tmp_path: Path) -> None:
    table = tmp_path / "moods.csv"
    table.write_text("text,label\n" + "".join(f"word {n},{'ab'[n % 2]}\n" for n in range(8)))
    help_text = Command().create_parser("manage.py", "train").format_help()
    assert "--warmup" in help_text and "Epochs with a growing learning rate." in help_text
    assert "--mixing" in help_text and "strength=0.2" in help_text
    with pytest.raises(CommandError, match="--warmup: Must be from 0 to 7"):
        call_command("train", str(table), "--no-wait", "--warmup", "99")
    call_command(
        "train", str(table), "--no-wait", "--warmup", "5", "--mixing", "strength=0.3", stdout=StringIO()
    )
    told = Job.objects.get().config
    assert (told["warmup"], told["mixing"]) == (5, {"strength": 0.3})


def test_the_command_says_what_each_option_does() -> None:
    help_text = " ".join(Command().create_parser("manage.py", "train").format_help().split())
    assert "--from-scratch Start from random weights" in help_text
    assert "--input-column INPUT_COLUMN Column with the text." in help_text


def test_a_new_one_is_in_the_guide(made_up: tuple[Hyperparameter, ...]) -> None:
    guide = with_table(_GUIDE.read_text(encoding="utf-8"), made_up)
    assert "| `warmup` | a whole number, 0 to 7 | Epochs with a growing learning rate. |" in guide
    assert '| `mixing` | `{"strength": 0.2}`; strength 0.1 to 0.9 |' in guide


def test_the_guide_has_the_table_of_the_specifications() -> None:
    guide = _GUIDE.read_text(encoding="utf-8")
    assert with_table(guide, HYPERPARAMETERS) == guide, "Run: python docs/make_tables.py"
    assert api_table(HYPERPARAMETERS) in guide


@pytest.mark.slow
def test_the_tables_can_be_checked_without_writing_them(tmp_path: Path) -> None:
    command = [sys.executable, str(_GUIDE.with_name("make_tables.py")), "--check"]
    environment = {"FLASH_VAR_DIR": str(tmp_path), "PATH": ""}
    subprocess.run(command, check=True, env=environment)


@pytest.mark.parametrize("task", list(Task))
def test_every_form_field_has_a_name_of_its_own_and_is_drawn_once(task: Task) -> None:
    form = TrainForm.blank(Dataset(task_type=task, name="a"))
    drawn = [*form.basic()]
    for section in form.sections():
        drawn += [*section.fields, *section.ticks]
        drawn += [field for tick, parts in section.objects for field in (tick, *parts)]
    assert [section.title for section in form.sections()] == [MODEL, DATA, LEARNING, RATE]
    wanted = [field for spec in form.specs for field in (spec.field, *(part.field for part in spec.parts))]
    assert sorted(field.name for field in drawn) == sorted(set(wanted) - {"preset"})
    assert len(wanted) == len(set(wanted))
    assert ("start_from" in form.fields) == (task is Task.IMAGE)


@pytest.mark.parametrize("task", list(Task))
def test_the_form_and_the_api_say_the_same_configuration(task: Task) -> None:
    """What a form is told becomes, field by field, what the API would be told."""
    asked = QueryDict(mutable=True)
    asked.update(
        {"task_name": "a", "epochs": "3", "class_weights": "on", "step_lr": "on", "step_gamma": "0.3"}
    )
    form = TrainForm(asked, task=task)
    assert form.is_valid(), form.errors
    assert form.values == {"epochs": "3", "class_weights": True, "step_lr": {"gamma": "0.3"}}


@pytest.mark.parametrize("task", list(Task))
def test_every_default_is_one_that_may_be_said(task: Task) -> None:
    told = resolve(task, {}).to_json()
    for spec in HYPERPARAMETERS:
        if spec.bounds and told[spec.name] is not None:
            low, high = spec.range(Limits(), kind_of(task))
            assert low <= told[spec.name] <= high, spec.name
        if spec.type is ValueType.CHOICE:
            assert told[spec.name] in dict(spec.values(kind_of(task))), spec.name


def test_a_word_of_the_wire_leads_to_its_form_field() -> None:
    words = ("pretrained", "reduce_lr_on_plateau.min_lr", "step_lr.gamma", "epochs", "step_lr.x", "no such")
    fields = [field_of(word, HYPERPARAMETERS) for word in words]
    assert fields == ["start_from", "plateau_min_lr", "step_gamma", "epochs", "x", "no such"]


def _options(*arguments: str) -> dict[str, Any]:
    parser = ArgumentParser()
    for spec in HYPERPARAMETERS:
        add_option(parser, spec)
    return {name: value for name, value in vars(parser.parse_args(arguments)).items() if value is not None}


def test_options_say_what_the_api_would_be_told() -> None:
    assert _options() == {}
    assert _options("--from-scratch", "--class-weights") == {"pretrained": False, "class_weights": True}
    assert _options("--early-stopping", "0", "--data-split", "70:30") == {
        "early_stopping": "0",
        "data_split": "70:30",
    }
    assert _options("--step-lr") == {"step_lr": {}}
    assert _options("--step-lr", "step_size=2, gamma=0.5") == {"step_lr": {"step_size": "2", "gamma": "0.5"}}


def test_an_option_that_makes_no_sense_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        _options("--step-lr", "often")
    assert "'often' is not of the form name=value" in capsys.readouterr().err
