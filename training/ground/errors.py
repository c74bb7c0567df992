"""The ways a training can end early, each with a sentence for the person who asked for it."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager

EXIT_DONE = 0
EXIT_FAILED = 1
EXIT_INTERRUPTED = 75  # EX_TEMPFAIL of sysexits.h: try again later, from the checkpoint


class TrainingFailed(Exception):
    """The training cannot go on; `code` is stable, the message says what to do."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class Interrupted(Exception):
    """SIGTERM was received and the state is saved as far as it goes."""


class Diverged(Exception):
    """The loss is no longer a finite number."""


def out_of_memory(detail: str) -> TrainingFailed:
    """What to tell when memory ran out."""
    return TrainingFailed(
        "out_of_memory",
        f"There was not enough memory {detail}. "
        "Choose a smaller batch size or a smaller model and try again.",
    )


@contextmanager
def failures_in_words() -> Iterator[None]:
    """Turn what a machine can run out of into sentences."""
    try:
        yield
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
