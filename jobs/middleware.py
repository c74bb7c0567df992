"""Dramatiq middleware of the training worker; imported before Django's apps are ready, so it knows no models."""

import threading

import dramatiq

# Set when this worker is asked to stop: the job in hand leaves a checkpoint and goes back to the queue.
STOPPING = threading.Event()


class StopTraining(dramatiq.Middleware):
    """Tells the job in hand that its worker is asked to stop."""

    def before_worker_boot(self, broker: dramatiq.Broker, worker: dramatiq.Worker) -> None:
        STOPPING.clear()

    def before_worker_shutdown(self, broker: dramatiq.Broker, worker: dramatiq.Worker) -> None:
        STOPPING.set()
