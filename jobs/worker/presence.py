"""What a worker on EC2 tells while it waits and while it works: that it lives, and that EC2 takes its machine back."""

import logging
import threading
from collections.abc import Callable

from django.conf import settings
from django.db import close_old_connections, connection
from django.utils import timezone

from jobs.compute import watchdog_signs
from jobs.compute.imds import Imds
from jobs.compute.local import this_server
from jobs.compute.watchdog import CONTROL, DRAINED, LEASE
from jobs.models import Job
from jobs.worker.stop_request import STOPPING

logger = logging.getLogger(__name__)

# Four missed beats are the shortest silence that the planner minds (jobs.compute.planning).
_BEAT_SECONDS = 20.0
# EC2 gives two minutes' notice and asks to look every five seconds.
_LOOK_SECONDS = 5.0


def start() -> None:
    """Starts both threads, once for each worker process."""
    for target, pause in ((beat, _BEAT_SECONDS), (Interruption().look, _LOOK_SECONDS)):
        threading.Thread(
            target=_repeat, args=(target, pause), name=f"presence-{pause:g}", daemon=True
        ).start()


def beat() -> None:
    """Renews the heartbeat of this machine's row; the watchdog hears of it only when the database took it."""
    server = this_server()
    watchdog_signs.leave(CONTROL)
    if Job.objects.running().filter(server=server, lease_until__gte=timezone.now()).exists():
        watchdog_signs.leave(LEASE)


class Interruption:
    """Watches for EC2's notice. Then no new job is claimed, and the one in hand goes back with a checkpoint."""

    def __init__(self, imds: Imds | None = None) -> None:
        self._imds, self._told = imds or Imds(settings.FLASH_IMDS), False

    def look(self) -> None:
        notice = self._imds.interruption()
        if not notice:
            return
        if not self._told:
            logger.warning("EC2 takes this machine back: %s. The job in hand goes back to the queue.", notice)
            self._told = True
        # The worker lives on, so that systemd does not start another one that claims.
        STOPPING.set()
        if not Job.objects.running().filter(server__name=settings.FLASH_SERVER_NAME).exists():
            watchdog_signs.leave(DRAINED)


def _repeat(task: Callable[[], None], pause: float) -> None:
    """For as long as the process lives; an error ends nothing, its next turn is the retry."""
    wait, failing = threading.Event(), False
    while True:
        try:
            task()
            failing = False
        except OSError as error:
            # The metadata service is off in places; once is enough to say so.
            if not failing:
                logger.warning("%s: %s", threading.current_thread().name, error)
            failing = True
        except Exception:
            logger.exception("The next turn tries again.")
            connection.close()
        close_old_connections()
        wait.wait(pause)
