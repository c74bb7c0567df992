"""What one run that deletes by time tells the next: the lock, what the clock looked like, how much went."""

from django.db import models


class PruneState(models.Model):
    """One row. Times are the database's."""

    locked_until = models.DateTimeField(null=True)
    lock_owner = models.CharField(max_length=32, blank=True)
    # The wall clock minus the seconds since boot, in one boot: only a jump of the clock changes it.
    boot_id = models.CharField(max_length=64, blank=True)
    clock_offset = models.FloatField(null=True)
    # Seconds since boot when a jump was first seen.
    jump_seen = models.FloatField(null=True)
    # Deletions by time, of all kinds but models: since when they are counted, and how many there were.
    window_began = models.DateTimeField(null=True)
    window_count = models.PositiveIntegerField(default=0, db_default=0)
    last_run = models.DateTimeField(null=True)
    last_alert = models.TextField(blank=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(pk=1), name="prune_state_is_one_row")]

    def __str__(self) -> str:
        return f"last pruned {self.last_run}"
