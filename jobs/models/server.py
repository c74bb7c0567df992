"""A machine that trains: this one, or an EC2 instance."""

from django.db import models


class Server(models.Model):
    """One training server, known by its name; `heartbeat` is renewed while its worker lives."""

    name = models.CharField(max_length=100, unique=True)
    driver = models.CharField(max_length=20, default="local")
    heartbeat = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name
