"""The trainings that a job of preset Auto tries."""

from typing import Any

from django.db import models

from training.score import Score
from training.search.trial_state import TrialState


class Trial(models.Model):
    """One of the trainings; its score is that of the validation part, and empty while there is none."""

    job = models.ForeignKey("jobs.Job", on_delete=models.CASCADE, related_name="trials")
    number = models.PositiveIntegerField()
    words = models.CharField(max_length=100)
    model_name = models.CharField(max_length=40)
    state = models.CharField(max_length=10, choices=[(state.value, state.value) for state in TrialState])
    seconds = models.FloatField(default=0)
    score_name = models.CharField(max_length=32, blank=True)
    score_value = models.FloatField(null=True)
    note = models.CharField(max_length=400, blank=True, help_text="Why it failed.")

    class Meta:
        ordering = ("number",)
        constraints = (models.UniqueConstraint(fields=("job", "number"), name="trial_once_per_job"),)

    def __str__(self) -> str:
        return f"trial {self.number} of job {self.job_id}"

    @property
    def score(self) -> Score | None:
        """How good its model is; None while nobody knows."""
        return None if self.score_value is None else Score(name=self.score_name, value=self.score_value)

    @classmethod
    def record(cls, job: Any, facts: dict[str, Any]) -> None:
        """What the trainer tells of one of them, see `training.search.trials.Trial.to_json`."""
        score = Score.from_json(facts["score"]) if facts.get("score") else None
        cls.objects.update_or_create(
            job=job,
            number=int(facts["number"]),
            defaults={
                "words": str(facts["words"])[:100],
                "model_name": str(facts["model_name"])[:40],
                "state": TrialState(facts["state"]).value,
                "seconds": float(facts["seconds"]),
                "score_name": score.name if score else "",
                "score_value": score.value if score else None,
                "note": str(facts.get("note") or "")[:400],
            },
        )
