"""A machine that trains: this one, or an EC2 instance."""

from django.db import models


class Server(models.Model):
    """One training server, known by its name (an instance's id); `heartbeat` is renewed while its worker lives."""

    name = models.CharField(max_length=100, unique=True)
    driver = models.CharField(max_length=20, default="local")
    heartbeat = models.DateTimeField(null=True, blank=True)
    state = models.CharField(max_length=20, blank=True, help_text="As EC2 last listed it.")
    instance_type = models.CharField(max_length=40, blank=True)
    launched = models.DateTimeField(null=True, blank=True, help_text="Its last start.")
    start_asked = models.DateTimeField(null=True, blank=True)
    stop_asked = models.DateTimeField(null=True, blank=True)
    stop_reason = models.CharField(max_length=200, blank=True)
    marked = models.DateTimeField(
        null=True, blank=True, help_text="Found without a row of ours; the next pass stops it."
    )

    class Meta:
        ordering = ("name",)
        indexes = (models.Index(fields=("driver", "state"), name="server_by_state"),)

    def __str__(self) -> str:
        return self.name
