"""What every step of a training may need, and the configuration in RUN_DIR/config.json."""

import hashlib
import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from training.ground.config import ConfigInvalid, TrainConfig
from training.ground.control import Control, available_cores
from training.ground.errors import TrainingFailed
from training.ground.events import Events
from training.ground.phases import Phases

CONFIG_FILE = "config.json"


@dataclass(frozen=True, kw_only=True, slots=True)
class Run:
    """What every step of a training may need."""

    folder: Path
    config: TrainConfig
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
        return self.config.threads or available_cores()

    def fingerprint(self, *facts: Any) -> str:
        """Identifies config and data, so that a checkpoint is only used for what it was made from."""
        config = replace(
            self.config, deadline_seconds=None, threads=0, processes=0, nice=0, serving_copy=False
        )
        told = json.dumps([config.to_json(), *facts])
        return hashlib.sha256(told.encode()).hexdigest()


def read_config(folder: Path) -> tuple[TrainConfig, str]:
    """The configuration and the name of the task; raises TrainingFailed."""
    try:
        data = json.loads((folder / CONFIG_FILE).read_text(encoding="utf-8"))
        return TrainConfig.from_json(data["config"]), str(data.get("task_name") or "")
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        detail = str(error) if isinstance(error, ConfigInvalid) else "it is missing or damaged"
        raise TrainingFailed(
            "config_invalid", f"The configuration of the job cannot be used: {detail}."
        ) from error
