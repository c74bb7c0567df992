"""Dramatiq middleware of the training worker; imported before Django's apps are ready, so it knows no models."""

from typing import Any

import dramatiq

from jobs.worker.stop_request import STOPPING
from training.ground import log_lines


class CarryRequestId(dramatiq.Middleware):
    """What an actor logs has the id of the request that sent the message; a job's own takes its place later."""

    def before_process_message(self, broker: dramatiq.Broker, message: dramatiq.MessageProxy) -> None:
        log_lines.begin(str(message.options.get("request_id", "")))

    def after_process_message(
        self, broker: dramatiq.Broker, message: dramatiq.MessageProxy, **outcome: Any
    ) -> None:
        log_lines.end()

    after_skip_message = after_process_message


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
