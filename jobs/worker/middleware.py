"""Dramatiq middleware of the training worker; imported before Django's apps are ready, so it knows no models."""

import dramatiq

from jobs.worker.stop_request import STOPPING


class StopTraining(dramatiq.Middleware):
    """Tells the job in hand that its worker is asked to stop."""

    def before_worker_boot(self, broker: dramatiq.Broker, worker: dramatiq.Worker) -> None:
        STOPPING.clear()

    def before_worker_shutdown(self, broker: dramatiq.Broker, worker: dramatiq.Worker) -> None:
        STOPPING.set()


class ReportPresence(dramatiq.Middleware):
    """On EC2 the training worker tells that it lives and listens for EC2 taking its machine back."""

    def after_worker_boot(self, broker: dramatiq.Broker, worker: dramatiq.Worker) -> None:
        from django.conf import settings

        if settings.FLASH_SERVER_NAME and "training" in (worker.consumer_whitelist or ()):
            from jobs.worker import presence

            presence.start()
