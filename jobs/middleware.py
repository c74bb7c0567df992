"""Dramatiq middleware of the training worker."""

import dramatiq

from jobs import runner


class StopTraining(dramatiq.Middleware):
    """Tells the job in hand to leave a checkpoint when the worker is asked to stop."""

    def before_worker_boot(self, broker: dramatiq.Broker, worker: dramatiq.Worker) -> None:
        runner.STOPPING.clear()

    def before_worker_shutdown(self, broker: dramatiq.Broker, worker: dramatiq.Worker) -> None:
        runner.STOPPING.set()
