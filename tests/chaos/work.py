"""What visitors, programs and operators do, by the names in the plan."""

import io
import secrets
import time
from collections.abc import Callable
from datetime import timedelta
from random import Random

from django.core.management import call_command
from django.db import DatabaseError, connection
from django.utils import timezone

from modelstore.ground import tokens
from modelstore.models import TrainedModel
from tests.chaos import models, samples, submissions
from tests.chaos.client import Client, until_answered
from tests.chaos.ledger import ENDED, Batch, Ledger, Training

_PAGES = ("/", "/about/", "/recent/", "/new/", "/api/v1/status/", "/readyz", "/metrics")


class Work:
    """Every action takes the number of its step."""

    def __init__(self, client: Client, ledger: Ledger) -> None:
        self._client, self._ledger = client, ledger

    def do(self, name: str, number: int) -> None:
        action: Callable[[int], None] = getattr(self, name)
        action(number)

    # --- jobs --------------------------------------------------------------------------------------------------

    def submit(self, number: int) -> None:
        submissions.submit(self._client, self._ledger, self._new(number))

    def submit_checked(self, number: int) -> None:
        submissions.submit_checked(self._client, self._ledger, self._new(number))

    def submit_in_pieces(self, number: int) -> None:
        submissions.submit_in_pieces(self._client, self._ledger, self._new(number))

    def submit_and_leave(self, number: int) -> None:
        submissions.submit_and_leave(self._client, self._new(number))

    def check_and_forget(self, number: int) -> None:
        submissions.check(self._client, self._ledger, self._new(number))

    def begin_pieces_and_forget(self, number: int) -> None:
        submissions.begin_pieces(self._client, self._ledger, self._new(number))

    def leave_in_mid_upload(self, number: int) -> None:
        submissions.leave_in_mid_upload(self._client, number)

    def repeat(self, number: int) -> None:
        """The same request with the same key answers the same job, whatever has become of it."""
        sent = [training for training in self._ledger.known() if training.data]
        if (training := self._ledger.pick(number, sent)) is None:
            return
        answer = until_answered(lambda: submissions.send(self._client, training))
        if answer.status in (200, 201) and answer.json["token"] != training.token:
            self._ledger.blame("wrong", f"a repeat of job {training.index} made another job")

    def look(self, number: int) -> None:
        among = self._ledger.unfinished() or self._ledger.known()
        if training := self._ledger.pick(number, among):
            models.look(self._client, self._ledger, training)

    def cancel(self, number: int) -> None:
        if training := self._ledger.pick(number, self._ledger.unfinished()):
            training.cancel_asked = True
            answer = until_answered(
                lambda: self._client.post_json(f"/api/v1/jobs/{training.token}/cancel/", {})
            )
            if answer.status != 200:
                return
            if answer.json["status"] not in ENDED or answer.json["status"] == "cancelled":
                training.cancel_promised = True
                training.gone_for = "cancelled"

    def keep_best(self, number: int) -> None:
        if training := self._ledger.pick(number, self._ledger.unfinished()):
            self._client.ask("POST", f"/api/v1/jobs/{training.token}/stop/")

    # --- models ------------------------------------------------------------------------------------------------

    def predict(self, number: int, count: int = 1) -> None:
        """One model in ten is one that is gone: it must say so."""
        gone = [training for training in self._ledger.known() if training.gone_since]
        among = gone if number % 10 == 0 and gone else self._ledger.live()
        training = self._ledger.pick(number // 10, among)
        if training is None:
            return
        if training.status == "deployed" and training.reference is None and not training.gone_for:
            models.fetch_reference(self._client, self._ledger, training)
        inputs = models.inputs_of(training.task, count, number)
        began = time.monotonic()
        answer = models.predict(self._client, training, inputs)
        models.check_prediction(self._ledger, training, inputs, answer, began)

    def predict_many(self, number: int) -> None:
        self.predict(number, 2 + number % 12)

    def download(self, number: int) -> None:
        if (training := self._ledger.pick(number, self._ledger.live())) is None:
            return
        if training.status == "deployed" and not models.fetch_reference(self._client, self._ledger, training):
            return
        path = f"/api/v1/models/{training.token}/download/?format=bundle"
        answer = self._client.ask("GET", path)
        if answer.status == 200:
            models.read_bundle(self._ledger, training, answer)
            self._ledger.count("downloads")
        elif not answer.is_later and not training.gone_for:
            self._ledger.blame("wrong", f"a download of model {training.index} answered {answer.status}")

    def delete(self, number: int) -> None:
        if (training := self._ledger.pick(number, self._deployed())) is None:
            return
        training.gone_for = "deleted"
        answer = until_answered(lambda: self._client.ask("DELETE", f"/api/v1/models/{training.token}/"))
        if answer.status in (204, 410):
            training.gone_since = time.monotonic()
        elif not answer.is_later:
            self._ledger.blame("wrong", f"the deletion of model {training.index} answered {answer.status}")

    def expire(self, number: int) -> None:
        """The operator's clock: its time is up now, and the pruning comes at once."""
        if (training := self._ledger.pick(number, self._deployed())) is None:
            return
        training.gone_for = "expired"
        rows = TrainedModel.objects.filter(token_digest=tokens.digest(training.token))
        past = timezone.now() - timedelta(seconds=1)
        if not self._in_database(lambda: rows.update(expires_override=past)):
            training.gone_for = ""
            return
        training.gone_since = time.monotonic()
        self._command("prune_models")

    def extend(self, number: int) -> None:
        if training := self._ledger.pick(number, self._deployed()):
            self._client.ask("POST", f"/api/v1/models/{training.token}/extend/")

    # --- whole files -------------------------------------------------------------------------------------------

    def batch(self, number: int) -> None:
        training = self._ledger.pick(number, self._deployed())
        if training is None or not models.fetch_reference(self._client, self._ledger, training):
            return
        rng = Random(number)
        is_text = training.task == samples.TEXT
        inputs = models.inputs_of(
            training.task, rng.randint(200, 3000) if is_text else rng.randint(5, 60), number
        )
        body = samples.unlabelled_table(inputs) if is_text else samples.flat_zip(inputs)
        batch = Batch(training=training, inputs=inputs, key=secrets.token_hex(12), body=body)
        answer = models.send_batch(self._client, batch)
        if answer.status == 201:
            batch.token = answer.json["token"]
            self._ledger.add_batch(batch)
        elif not answer.is_later and not training.gone_for:
            text = answer.body[:200].decode("utf-8", "replace")
            self._ledger.blame("wrong", f"a batch of model {training.index} answered {answer.status} {text}")

    def batch_repeat(self, number: int) -> None:
        if batch := self._ledger.pick(number, list(self._ledger.batches)):
            answer = models.send_batch(self._client, batch)
            if answer.status == 201 and answer.json["token"] != batch.token:
                self._ledger.blame("wrong", "a repeat of a batch made another batch")

    def batch_cancel(self, number: int) -> None:
        running = [batch for batch in list(self._ledger.batches) if batch.status not in ENDED]
        if batch := self._ledger.pick(number, running):
            path = f"/api/v1/models/{batch.training.token}/batches/{batch.token}/cancel/"
            answer = until_answered(lambda: self._client.post_json(path, {}))
            if answer.status == 200 and answer.json["status"] not in ENDED:
                batch.cancel_promised = True

    def batch_look(self, number: int) -> None:
        if batch := self._ledger.pick(number, list(self._ledger.batches)):
            models.look_at_batch(self._client, self._ledger, batch)

    # --- everybody and the operator ----------------------------------------------------------------------------

    def page(self, number: int) -> None:
        training = self._ledger.pick(number, self._ledger.known())
        own = [f"/jobs/{training.token}/", f"/models/{training.token}/"] if training else []
        self._client.ask("GET", str(self._ledger.pick(number // 7, [*_PAGES, *own, *own])))

    def stranger(self, number: int) -> None:
        """A token that nobody has opens nothing."""
        token = secrets.token_hex(11)
        path = [f"/api/v1/jobs/{token}/", f"/api/v1/models/{token}/", f"/api/v1/datasets/{token}/"][
            number % 3
        ]
        answer = self._client.ask("GET", path)
        if not answer.is_later and answer.status != 404:
            self._ledger.blame("wrong", f"an unknown token answered {answer.status}")

    def upkeep(self, number: int) -> None:
        """A second cron, at the same time as the first."""
        self._command(("tick", "prune_models", "sweep_storage")[number % 3])

    def _new(self, number: int) -> Training:
        return submissions.new_training(self._ledger, number)

    def _deployed(self) -> list[Training]:
        return [training for training in self._ledger.live() if training.status == "deployed"]

    def _command(self, name: str) -> None:
        self._in_database(lambda: call_command(name, verbosity=0, stdout=io.StringIO()) or True)

    def _in_database(self, task: Callable[[], object]) -> bool:
        """Whether it could be done; somebody may hold the database."""
        try:
            return bool(task())
        except DatabaseError:
            self._ledger.count("an operator's command found the database held")
            return False
        finally:
            connection.close()
