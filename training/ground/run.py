"""The surroundings of a training, and what RUN_DIR/config.json asks for."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from training.ground.control import Control
from training.ground.errors import TrainingFailed
from training.ground.events import Events
from training.ground.machine import Machine
from training.ground.phases import Phases
from training.ground.recipe import Recipe, RecipeInvalid

CONFIG_FILE = "config.json"


@dataclass(frozen=True, kw_only=True, slots=True)
class Run:
    """Where a training may write, what it may take, whom it tells, and whether it may go on.

    `choices`, of an earlier training of the same recipe on other parts, is what its validation part has chosen; each
    kind knows its own. A training that is given some chooses nothing by its validation part: it is there for the
    answers alone, and what is for the model that is given away may be left out.
    """

    folder: Path
    machine: Machine
    events: Events
    control: Control
    phases: Phases
    choices: Mapping[str, Any] | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Job(Run):
    """What is to be done in a RUN_DIR: train by `recipe` on what lies in its folder data."""

    recipe: Recipe
    task_name: str = ""

    @property
    def data(self) -> Path:
        """The folder with the samples."""
        return self.folder / "data"


def read_request_id(folder: Path) -> str:
    """The id of the request that asked for it; "" where it does not say, or cannot be read."""
    try:
        return str(json.loads((folder / CONFIG_FILE).read_text(encoding="utf-8")).get("request_id", ""))
    except (OSError, ValueError, AttributeError, RecursionError):
        return ""


def read_config(folder: Path) -> tuple[Recipe, Machine, str]:
    """What is wanted, what may be taken for it, and the name of the task; raises TrainingFailed."""
    try:
        data = json.loads((folder / CONFIG_FILE).read_text(encoding="utf-8"))
        told = data["config"]
        return Recipe.from_json(told), Machine.from_json(told), str(data.get("task_name") or "")
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        known = isinstance(error, RecipeInvalid)
        detail = str(error) if known else "it is missing or damaged"
        raise TrainingFailed(
            "config_invalid", f"The configuration of the job cannot be used: {detail}."
        ) from error
