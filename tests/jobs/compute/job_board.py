"""The job rows in memory, with lease and fence, for many schedules; as strict as the real ones (test_job_board)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

LEASE = timedelta(seconds=45)


@dataclass
class VirtualJob:
    """One job; `done` is what its last checkpoint holds, `published` how many models came of it."""

    arrives: datetime
    work: timedelta
    done: timedelta = timedelta()
    server: str = ""
    fence: int = 0
    lease_until: datetime | None = None
    published: int = 0


@dataclass(frozen=True)
class Claim:
    """What a worker believes to hold."""

    job: VirtualJob
    fence: int
    server: str


class JobBoard:
    """The conditional UPDATEs of jobs.queue.lifecycle and jobs.upkeep.sweep."""

    def __init__(self, jobs: list[VirtualJob], clock: Callable[[], datetime]) -> None:
        self.jobs, self._clock = jobs, clock

    @property
    def all_ended(self) -> bool:
        return all(job.published for job in self.jobs)

    def claim(self, server: str) -> Claim | None:
        for job in self.jobs:
            if job.arrives <= self._clock() and not job.published and not job.server:
                job.fence, job.server, job.lease_until = job.fence + 1, server, self._clock() + LEASE
                return Claim(job, job.fence, server)
        return None

    def renew(self, claim: Claim) -> bool:
        if not self.is_held(claim):
            return False
        claim.job.lease_until = self._clock() + LEASE
        return True

    def publish(self, claim: Claim) -> bool:
        if not self.is_held(claim):
            return False
        claim.job.published += 1
        claim.job.server, claim.job.lease_until = "", None
        return True

    def requeue_lost(self) -> list[str]:
        """The servers whose jobs went back into the queue."""
        lost = [job for job in self.jobs if job.server and not self._is_live(job)]
        servers = [job.server for job in lost]
        for job in lost:
            job.server, job.lease_until = "", None
        return servers

    def is_held(self, claim: Claim) -> bool:
        """Whether the claim still counts: an old fence or a job back in the queue does not."""
        return claim.job.fence == claim.fence and bool(claim.job.server)

    def is_busy(self, server: str) -> bool:
        return any(job.server == server and self._is_live(job) for job in self.jobs)

    def demand(self) -> tuple[int, int]:
        """Jobs that wait, lost leases among them, and jobs with a live lease."""
        due = [job for job in self.jobs if job.arrives <= self._clock() and not job.published]
        running = sum(bool(job.server) and self._is_live(job) for job in due)
        return len(due) - running, running

    def _is_live(self, job: VirtualJob) -> bool:
        return job.lease_until is not None and job.lease_until >= self._clock()
