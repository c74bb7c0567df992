"""How often what was told before a job came true: the ranges of past jobs against what they really took."""

from dataclasses import dataclass

from jobs.models import Job
from jobs.states import JobStatus

_LOOKED_AT = 100


@dataclass(frozen=True, kw_only=True, slots=True)
class KeptEstimates:
    """Of the last `count` jobs that ended with a model at the first try: how many trained within the range that was
    told, and how many took longer than its end."""

    count: int = 0
    within: int = 0
    longer: int = 0

    @property
    def share(self) -> float | None:
        """None without any job."""
        return self.within / self.count if self.count else None


def kept_estimates() -> KeptEstimates:
    """One query. Those that somebody stopped early do not count."""
    done = Job.objects.filter(
        status=JobStatus.DEPLOYED,
        attempt=1,
        keep_best=False,
        quote__isnull=False,
        started__isnull=False,
        finished__isnull=False,
    )
    count = within = longer = 0
    for quote, started, finished in done.order_by("-finished").values_list("quote", "started", "finished")[
        :_LOOKED_AT
    ]:
        assert started is not None and finished is not None and quote is not None
        told, took = quote["training_seconds"], (finished - started).total_seconds()
        count += 1
        within += told["low"] <= took <= told["high"]
        longer += took > told["high"]
    return KeptEstimates(count=count, within=within, longer=longer)
