"""One time that a machine was up, from its start to its stop; what the bill counts."""

from django.db import models


class Uptime(models.Model):
    """Opened when the machine is first listed as up, closed when it no longer is. Prices are those of its start."""

    server = models.ForeignKey("jobs.Server", on_delete=models.CASCADE, related_name="uptimes")
    began = models.DateTimeField()
    ended = models.DateTimeField(null=True, blank=True, db_index=True)
    kind = models.CharField(max_length=40, help_text="What is paid for, such as g4dn.xlarge.")
    price_per_hour = models.FloatField(null=True, blank=True)

    class Meta:
        ordering = ("-began",)
        constraints = (models.UniqueConstraint(fields=("server", "began"), name="uptime_once_per_start"),)

    def __str__(self) -> str:
        return f"{self.kind} from {self.began:%Y-%m-%d %H:%M}"
