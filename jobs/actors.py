"""Messages between web, control and training workers. A message is a hint: the job rows say what to do."""

import dramatiq

from jobs.batches import runner as batch_runner
from jobs.compute import scheduling
from jobs.notices import notifications
from jobs.worker import runner, short_lane

_MINUTE = 60_000


@dramatiq.actor(queue_name="control", max_retries=0, time_limit=_MINUTE, max_age=10 * _MINUTE)
def reconcile() -> None:
    scheduling.reconcile()


# No time limit and no retries: the trainer is a child process with a deadline, and the lease brings lost jobs back.
@dramatiq.actor(queue_name="training", max_retries=0, time_limit=float("inf"), max_age=10 * _MINUTE)
def train_next() -> None:
    while runner.run_next():
        pass


# The lane of short jobs beside that of all: a worker has it where FLASH_SHORT_JOB_SECONDS gives it one.
@dramatiq.actor(queue_name="short_training", max_retries=0, time_limit=float("inf"), max_age=10 * _MINUTE)
def train_next_short() -> None:
    while short_lane.run_next():
        pass


# One try; the row knows when the next one is due, and the sweep repeats what was lost.
@dramatiq.actor(queue_name="control", max_retries=0, time_limit=_MINUTE)
def notify(pk: int) -> None:
    notifications.deliver(pk=pk)


# A queue of its own: what strangers' servers make of their time keeps nobody else waiting.
@dramatiq.actor(queue_name="webhooks", max_retries=0, time_limit=_MINUTE)
def post_webhook(pk: int) -> None:
    notifications.deliver(pk=pk)


# On the control queue: batches are predicted on the processors of the machine that serves the site, by a child
# process. However many messages come, one batch at a time runs in a worker, so its other thread stays free.
@dramatiq.actor(queue_name="control", max_retries=0, time_limit=float("inf"), max_age=10 * _MINUTE)
def predict_next() -> None:
    while batch_runner.run_next():
        pass
