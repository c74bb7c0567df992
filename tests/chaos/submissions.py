"""The ways in which a job is sent, each repeated until the site has answered it."""

import base64
import hashlib
import json
import secrets
from collections.abc import Mapping
from random import Random

from tests.chaos import samples
from tests.chaos.client import Answer, Client, multipart, until_answered
from tests.chaos.ledger import Ledger, Training

_API = "/api/v1"
# Most are done in a second or two; the recurrent ones train for long enough to be cancelled, kept, killed.
_RECIPES: list[tuple[str, dict[str, str]]] = [
    (samples.TEXT, {"model": "bag_of_ngrams"}),
    (samples.TEXT, {"model": "gru", "epochs": "12", "early_stopping": "12"}),
    (samples.PICTURES, {"model": "wavelets"}),
    (samples.TEXT, {"model": "lstm", "epochs": "60", "early_stopping": "60"}),
    (samples.TEXT, {"model": "bag_of_ngrams"}),
    (samples.TEXT, {"model": "bag_of_ngrams"}),
    (samples.PICTURES, {"model": "wavelets"}),
    (samples.TEXT, {"model": "gru", "epochs": "40", "early_stopping": "40"}),
    (samples.PICTURES, {"model": "mobilenet_v3_small", "pretrained": "false", "epochs": "1"}),
]
_PIECES = 3


def new_training(ledger: Ledger, number: int) -> Training:
    """Its data, its options and its key, by its place and the number of the step."""
    task, recipe = _RECIPES[number % len(_RECIPES)]
    rng = Random(number)

    def make(index: int) -> Training:
        data = (
            samples.table(index, rng.randint(30, 60))
            if task == samples.TEXT
            else samples.folders(index, rng.randint(8, 14))
        )
        fields = {"task_type": task, "task_name": f"job {index}", "accept_guesses": "true", **recipe}
        return Training(index=index, task=task, fields=fields, key=secrets.token_hex(12), data=data)

    return ledger.add(make)


def send(client: Client, training: Training) -> Answer:
    """One request with the file; it may be repeated."""
    headers = {"Idempotency-Key": training.key}
    return client.form(
        f"{_API}/jobs/", training.fields, [("dataset", _name(training), training.data)], headers
    )


def submit(client: Client, ledger: Ledger, training: Training) -> None:
    _note(ledger, training, until_answered(lambda: send(client, training)))


def submit_and_leave(client: Client, training: Training) -> None:
    """Nobody learns the token; the job, if there is one, must come to an end all the same."""
    kind, body = multipart(training.fields, [("dataset", _name(training), training.data)])
    client.leave(f"{_API}/jobs/", kind, body, after=len(body))


def submit_checked(client: Client, ledger: Ledger, training: Training) -> None:
    """The file first, then the job."""
    token = check(client, ledger, training)
    if token:
        _submit_dataset(client, ledger, training, token)


def check(client: Client, ledger: Ledger, training: Training) -> str:
    """The token of the checked dataset; "" when there was no answer in time."""
    fields = {"task_type": training.task, "accept_guesses": "true"}
    files = [("dataset", _name(training), training.data)]
    answer = until_answered(lambda: client.form(f"{_API}/datasets/", fields, files))
    return _token_of(ledger, answer, "a dataset")


def submit_in_pieces(client: Client, ledger: Ledger, training: Training) -> None:
    """As a browser sends a large file: begun, sent piece by piece from wherever the site stands, completed."""
    place = begin_pieces(client, ledger, training)
    if not place or not _send_pieces(client, place, training.data):
        return
    answer = until_answered(lambda: client.post_json(f"{place}complete/", {"accept_guesses": True}))
    if answer.code == "conflict":
        answer = until_answered(lambda: client.post_json(f"{place}complete/", {"accept_guesses": True}))
    if answer.status == 409:
        # A process that died while it checked the file holds the upload for some minutes more.
        ledger.count("uploads still being checked")
        return
    if token := _token_of(ledger, answer, "an upload"):
        _submit_dataset(client, ledger, training, token)


def begin_pieces(client: Client, ledger: Ledger, training: Training) -> str:
    """The address of a new upload; "" when there was no answer in time."""
    asked = {"name": _name(training), "size": len(training.data), "task_type": training.task}
    answer = until_answered(lambda: client.post_json(f"{_API}/uploads/", asked))
    token = _token_of(ledger, answer, "the begin of an upload")
    return f"{_API}/uploads/{token}/" if token else ""


def leave_in_mid_upload(client: Client, number: int) -> None:
    """A table of some megabytes, which goes to the disk while it comes in."""
    rng = Random(number)
    data = b"input,label\n" + b"today there is rain,weather\n" * rng.randint(60_000, 120_000)
    kind, body = multipart({"task_type": samples.TEXT}, [("dataset", "large.csv", data)])
    client.leave(f"{_API}/datasets/", kind, body, after=rng.randrange(len(body)))


def _send_pieces(client: Client, place: str, data: bytes) -> bool:
    """False when the upload is no longer there."""
    size = len(data) // _PIECES + 1
    for _ in range(40):
        head = until_answered(lambda: client.ask("HEAD", place))
        offset = int(head.headers.get("upload-offset", -1))
        if head.status != 200 or offset < 0:
            return False
        if offset == len(data):
            return True
        piece = data[offset : offset + size]
        digest = base64.b64encode(hashlib.sha256(piece).digest()).decode()
        client.ask("PATCH", place, piece, _piece_headers(offset, digest))
    return False


def _piece_headers(offset: int, digest: str) -> Mapping[str, str]:
    return {
        "Content-Type": "application/offset+octet-stream",
        "Upload-Offset": str(offset),
        "Upload-Checksum": f"sha256 {digest}",
    }


def _submit_dataset(client: Client, ledger: Ledger, training: Training, token: str) -> None:
    fields = {name: value for name, value in training.fields.items() if name != "accept_guesses"}
    body = json.dumps({**fields, "dataset_token": token}).encode()
    headers = {"Idempotency-Key": training.key, "Content-Type": "application/json"}
    answer = until_answered(lambda: client.ask("POST", f"{_API}/jobs/", body, headers))
    if answer.code == "dataset_not_found":
        # The first answer may have been lost, and the dataset used up or forgotten since.
        ledger.count("datasets gone before their job")
        return
    _note(ledger, training, answer)


def _note(ledger: Ledger, training: Training, answer: Answer) -> None:
    training.token = _token_of(ledger, answer, f"job {training.index}")
    if training.token:
        ledger.count("jobs sent")


def _token_of(ledger: Ledger, answer: Answer, what: str) -> str:
    if answer.status in (200, 201):
        return str(answer.json["token"])
    if answer.is_later:
        ledger.count("given up without an answer")
    else:
        text = answer.body[:300].decode("utf-8", "replace")
        ledger.blame("wrong", f"{what} was refused: {answer.status} {text}")
    return ""


def _name(training: Training) -> str:
    return f"data {training.index}.{'csv' if training.task == samples.TEXT else 'zip'}"
