"""What every step of a training may need, and what RUN_DIR/config.json asks for."""

import hashlib
import json
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
    """What every step of a training may need."""

    folder: Path
    config: Recipe
    machine: Machine
    task_name: str
    events: Events
    control: Control
    phases: Phases

    @property
    def data(self) -> Path:
        """The folder with the samples."""
        return self.folder / "data"

    @property
    def threads(self) -> int:
        """How many cores to use."""
        return self.machine.cores

    def fingerprint(self, *facts: Any) -> str:
        """Identifies config and data, so that a checkpoint is only used for what it was made from."""
        told = json.dumps([self.config.to_json(), *facts])
        return hashlib.sha256(told.encode()).hexdigest()


def read_config(folder: Path) -> tuple[Recipe, Machine, str]:
    """What is wanted, what may be taken for it, and the name of the task; raises TrainingFailed."""
    try:
        data = json.loads((folder / CONFIG_FILE).read_text(encoding="utf-8"))
        told = data["config"]
        return Recipe.from_json(told), Machine.from_json(told), str(data.get("task_name") or "")
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        detail = str(error) if isinstance(error, RecipeInvalid) else "it is missing or damaged"
        raise TrainingFailed(
            "config_invalid", f"The configuration of the job cannot be used: {detail}."
        ) from error
