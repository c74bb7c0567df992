"""The ways a training can end early, each with a sentence for the person who asked for it."""

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
