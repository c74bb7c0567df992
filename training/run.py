"""One training from RUN_DIR/config.json to RUN_DIR/bundle."""

import errno
import hashlib
import importlib
import json
import threading
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from training.config import ConfigInvalid, Task, TrainConfig
from training.control import Control, available_cores
from training.errors import TrainingFailed, out_of_memory
from training.events import Events
from training.phases import Phases

CONFIG_FILE = "config.json"
_LIBRARIES = (
    "training.picture_job",
    "training.fine_tuning",
    "training.sentence_job",
    "training.recurrent_job",
    "training.export",
)


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


def import_torch_meanwhile() -> None:
    """Start importing torch in a thread: it takes seconds in which the data can already be read."""
    threading.Thread(target=__import__, args=("torch",), name="import-torch", daemon=True).start()


def import_libraries() -> None:
    """Import what trainings of any kind need: most of the time that a short one takes."""
    for name in _LIBRARIES:
        importlib.import_module(name)
    from training.vision import torchvision_models

    torchvision_models()


def train(run: Run) -> None:
    """Train, evaluate and export; raises TrainingFailed or Interrupted."""
    try:
        _train(run)
    except MemoryError as error:
        raise out_of_memory("to train this model on this dataset") from error
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise TrainingFailed(
                "disk_full", "The disk of the training machine is full. Tell the operator, then submit again."
            ) from error
        raise
    except RuntimeError as error:
        if _ran_out_of_memory(error):
            raise out_of_memory("to train this model on this dataset") from error
        raise


def _ran_out_of_memory(error: RuntimeError) -> bool:
    words = str(error).lower()
    return "out of memory" in words or "can't allocate memory" in words or "not enough memory" in words


def _train(run: Run) -> None:
    # Imported here: the data is read while torch is still being imported.
    if run.config.task is Task.IMAGE:
        from training.picture_job import train_pictures as train_samples
    else:
        from training.sentence_job import train_sentences as train_samples
    outcome = train_samples(run)
    from training.export import export

    export(run, outcome)
