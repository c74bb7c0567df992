"""`manage.py models`: lists models, and decides how long one lives."""

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.template.defaultfilters import filesizeformat
from django.utils import timezone

from modelstore.access import named_model
from modelstore.ground.commands import FlashCommand, add_json, columns
from modelstore.models import CleanupPolicy, TrainedModel


class Command(FlashCommand):
    help = (
        "Lists live models, newest first. "
        "With an ID from the list or a TOKEN: that model; --pin, --unpin, --extend and --expire act on it."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("model", nargs="?", metavar="ID|TOKEN")
        parser.add_argument("--limit", type=int, default=20, help="List at most this many (20).")
        acts = parser.add_mutually_exclusive_group()
        acts.add_argument("--pin", action="store_true", help="Let it never expire.")
        acts.add_argument("--unpin", action="store_true", help="Let the cleanup policy apply again.")
        acts.add_argument(
            "--extend", type=float, metavar="HOURS", help="Keep it for this many hours from now."
        )
        acts.add_argument("--expire", action="store_true", help="Stop it from answering from now on.")
        add_json(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        policy = CleanupPolicy.current()
        if options["model"] is None:
            models = TrainedModel.objects.live(timezone.now(), policy).defer("report", "manifest")
            self._print(list(models.order_by("-pk")[: max(1, options["limit"])]), policy, options["json"])
            return
        model = named_model(options["model"])
        if changes := _changes(options):
            TrainedModel.objects.filter(pk=model.pk).update(**changes)
            model.refresh_from_db()
        self._print([model], policy, options["json"])

    def _print(self, models: list[TrainedModel], policy: CleanupPolicy, as_json: bool) -> None:
        if as_json:
            self.print_json([_document(model, policy) for model in models])
            return
        rows: list[tuple[Any, ...]] = [
            (
                model.pk,
                model.model_name,
                model.score.shown,
                len(model.classes),
                filesizeformat(model.size_bytes).replace("\xa0", " "),
                f"{expires:%Y-%m-%d %H:%M}" if (expires := model.expires(policy)) else "never",
                model.task_name,
            )
            for model in models
        ]
        head = ("ID", "MODEL", "SCORE", "CLASSES", "SIZE", "EXPIRES", "TASK")
        for line in columns([head, *rows]) if rows else ["There are no models."]:
            self.stdout.write(line)


def _changes(options: dict[str, Any]) -> dict[str, Any]:
    now = timezone.now()
    if options["pin"] or options["unpin"]:
        return {"pinned": options["pin"]}
    if options["expire"]:
        return {"expires_override": now, "pinned": False}
    if options["extend"] is not None:
        return {"expires_override": now + timedelta(hours=min(max(options["extend"], 0), 24 * 3650))}
    return {}


def _document(model: TrainedModel, policy: CleanupPolicy) -> dict[str, Any]:
    expires = model.expires(policy)
    names = ("id", "task_type", "task_name", "model_name", "classes", "accuracy", "downloadable", "pinned")
    return {name: getattr(model, name) for name in names} | {
        "accuracy_interval": None
        if model.accuracy_low is None
        else [model.accuracy_low, model.accuracy_high],
        "score": model.score.to_json(),
        "size_bytes": model.size_bytes,
        "created": model.created.isoformat(),
        "expires": expires and expires.isoformat(),
    }
