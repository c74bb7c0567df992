"""One training from RUN_DIR/config.json to RUN_DIR/bundle."""

import errno
import importlib
import threading

from training.ground.errors import TrainingFailed, out_of_memory
from training.ground.run import Run
from training.kinds import KINDS, load


def import_torch_meanwhile() -> None:
    """Start importing torch in a thread: it takes seconds in which the data can already be read."""
    threading.Thread(target=__import__, args=("torch",), name="import-torch", daemon=True).start()


def import_libraries() -> None:
    """Import what trainings of any kind need, and open the GPU: most of the time that a short one takes."""
    from training.engine.device import wake_gpu

    for name in ("training.export.export", *(name for kind in KINDS.values() for name in kind.libraries)):
        importlib.import_module(name)
    wake_gpu()


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
    outcome = load(run.config.kind.fit)(run)
    from training.export.export import export

    export(run, outcome)
