"""One training from RUN_DIR/config.json to RUN_DIR/bundle."""

import errno
import importlib
import threading

from training.ground.config import Task
from training.ground.errors import TrainingFailed, out_of_memory
from training.ground.run import Run

_LIBRARIES = (
    "training.kinds.pictures.job",
    "training.kinds.pictures.fine_tuning",
    "training.kinds.sentences.job",
    "training.kinds.sentences.recurrent_fit",
    "training.export",
)


def import_torch_meanwhile() -> None:
    """Start importing torch in a thread: it takes seconds in which the data can already be read."""
    threading.Thread(target=__import__, args=("torch",), name="import-torch", daemon=True).start()


def import_libraries() -> None:
    """Import what trainings of any kind need: most of the time that a short one takes."""
    for name in _LIBRARIES:
        importlib.import_module(name)
    from training.kinds.pictures.vision import torchvision_models

    torchvision_models()
    _wake_gpu()


def _wake_gpu() -> None:
    """Open the GPU, if there is one, and compile for it: seconds that the job to come need not wait."""
    import torch

    from training.engine.device import half_precision
    from training.kinds.pictures.depthwise import prepare

    if torch.cuda.is_available():
        for dtype in (torch.float32, half_precision(torch.device("cuda"))):
            if dtype is not None:
                prepare(dtype)
            some = torch.zeros(8, 8, 8, 8, device="cuda", dtype=dtype)
            torch.nn.functional.conv2d(some, some)


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
        from training.kinds.pictures.job import train_pictures as train_samples
    else:
        from training.kinds.sentences.job import train_sentences as train_samples
    outcome = train_samples(run)
    from training.export.export import export

    export(run, outcome)
