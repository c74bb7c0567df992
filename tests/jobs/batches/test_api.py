"""Batches over the JSON API and from the command line."""

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.test import Client

from jobs.batches import runner
from jobs.models import BatchPrediction
from modelstore.bundles import store
from modelstore.models import TrainedModel
from tests.jobs.batches.conftest import colours

pytestmark = pytest.mark.django_db
Make = Callable[..., TrainedModel]


def post(
    client: Client, model: TrainedModel, content: bytes = b"", name: str = "a.zip", **fields: Any
) -> Any:
    file = SimpleUploadedFile(name, content or colours())
    headers = fields.pop("headers", {})
    return client.post(f"/api/v1/models/{model.token}/batches/", {"file": file, **fields}, headers=headers)


def problem(response: Any, status: int) -> dict[str, Any]:
    assert response.status_code == status, response.content
    assert response["Content-Type"] == "application/problem+json"
    return json.loads(response.content)


def test_a_batch_from_upload_to_results(client: Client, make_model: Make) -> None:
    answer = post(client, make_model(), top_k=2)
    assert answer.status_code == 201
    batch = answer.json()
    assert answer["Location"] == batch["url"]
    assert (batch["status"], batch["total"], batch["queue_position"], batch["results"]) == (
        "queued",
        3,
        1,
        None,
    )
    assert runner.run_next()
    done = client.get(batch["url"]).json()
    assert (done["status"], done["done"], done["bad"], done["progress"]) == ("done", 3, 0, 1.0)
    assert done["counts"] == {"red": 2, "blue": 1}
    assert done["expires"] is not None
    table = client.get(done["results"]["csv"])
    assert table["Content-Disposition"] == 'attachment; filename="a-predictions.csv"'
    assert b"".join(table.streaming_content).count(b"\r\n") == 4
    lines = b"".join(client.get(done["results"]["jsonl"]).streaming_content).splitlines()
    assert [json.loads(line)["label"] for line in lines] == ["red", "blue", "red"]
    assert client.get(batch["url"])["Referrer-Policy"] == "no-referrer"


def test_results_are_refused_before_they_are_there(client: Client, make_model: Make) -> None:
    url = post(client, make_model()).json()["url"]
    assert problem(client.get(f"{url}results/"), 409)["code"] == "results_not_ready"
    assert problem(client.get(f"{url}results/?format=xls"), 400)["code"] == "format_unknown"
    assert client.post(f"{url}cancel/").json()["status"] == "cancelled"
    assert client.post(f"{url}cancel/").json()["status"] == "cancelled"


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"top_k": "0"}, "top_k"),
        ({"top_k": ""}, "top_k"),
        ({"frames_per_second": ""}, "frames_per_second"),
        ({"top_k": "many"}, "top_k"),
        ({"frames_per_second": "1e9"}, "frames_per_second"),
        ({"frames_per_second": "nan"}, "frames_per_second"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_a_wrong_field_is_named(client: Client, make_model: Make, fields: dict[str, str], named: str) -> None:
    answer = problem(post(client, make_model(), **fields), 400)
    assert list(answer["errors"]) == [named]
    assert not BatchPrediction.objects.exists()


def test_all_wrong_fields_are_named_at_once(client: Client, make_model: Make) -> None:
    fields = {"top_k": "0", "frames_per_second": "nan", "colour": "red"}
    assert set(problem(post(client, make_model(), **fields), 400)["errors"]) == set(fields)
    url = f"/api/v1/models/{make_model().token}/batches/"
    assert set(problem(client.post(url, fields), 400)["errors"]) == {*fields, "file"}


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"\xff\xfet\0e\0\n\0\0\xd8\xd8", "Save it as CSV with UTF-8."),
        (b"file\n" + b"a/b.png\n" * 9, "Here you can send"),
    ],
)
def test_a_refused_file_is_told_only_what_can_be_done_here(
    client: Client, make_model: Make, content: bytes, told: str
) -> None:
    file = SimpleUploadedFile("a.csv", content)
    refused = client.post(f"/api/v1/models/{make_model('text').token}/batches/", {"file": file})
    detail = refused.json()["detail"]
    assert refused.status_code in (400, 415) and told in detail
    assert "choose" not in detail and "Zip it" not in detail


def test_what_is_no_single_file_is_refused(client: Client, make_model: Make) -> None:
    url = f"/api/v1/models/{make_model().token}/batches/"
    assert "file" in problem(client.post(url, {"file": "text"}), 400)["errors"]
    assert "file" in problem(client.post(url, {}), 400)["errors"]
    problem(client.post(url, {"file": "x"}, content_type="application/json"), 415)
    problem(client.get(url), 405)


def test_only_its_own_two_tokens_open_a_batch(client: Client, make_model: Make) -> None:
    mine, other = make_model(), make_model()
    batch = post(client, mine).json()["token"]
    for model, token in ((other.token, batch), (mine.token, "x" * 22), (mine.token, mine.token)):
        for end in ("", "results/"):
            answer = client.get(f"/api/v1/models/{model}/batches/{token}/{end}")
            assert problem(answer, 404)["code"] == "batch_not_found"
    assert (
        problem(client.get(f"/api/v1/models/{'x' * 22}/batches/{batch}/"), 404)["code"] == "model_not_found"
    )
    store.retire(model=mine)
    assert (
        problem(client.get(f"/api/v1/models/{mine.token}/batches/{batch}/"), 410)["code"] == "model_expired"
    )
    assert problem(post(client, mine), 410)["code"] == "model_expired"


def test_a_full_queue_says_when_to_come_back(client: Client, make_model: Make, settings: Any) -> None:
    settings.FLASH_BATCHES_WAITING = 0
    answer = post(client, make_model())
    assert problem(answer, 503)["code"] == "queue_full"
    assert answer["Retry-After"] == "60"


def test_an_empty_column_is_none(client: Client, make_model: Make) -> None:
    answer = post(client, make_model("text"), b"text\ngreat\nawful\n", name="a.csv", input_column="")
    assert answer.json()["options"]["input_column"] is None


def test_a_repeat_with_the_same_key_is_the_same_batch(client: Client, make_model: Make) -> None:
    model, content, headers = make_model(), colours(2), {"Idempotency-Key": "abc"}
    first, second = (post(client, model, content, headers=headers).json() for _ in range(2))
    assert first["token"] == second["token"]


# --- manage.py predict --batch ---


def test_the_command_predicts_a_file_here_and_now(make_model: Make, tmp_path: Path) -> None:
    (tmp_path / "moods.csv").write_text("text\ngreat\nawful\nfun\n")
    out = io.StringIO()
    call_command("predict", make_model("text").token, "--batch", str(tmp_path / "moods.csv"), stdout=out)
    assert "2  good" in out.getvalue()
    assert (
        (tmp_path / "moods-predictions.csv").read_text("utf-8-sig").splitlines()[1].startswith("great,good,")
    )


def test_the_command_says_what_is_wrong(make_model: Make, tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(b"neither a zip")
    token = make_model().token
    for arguments, words in (
        (["--batch", str(tmp_path / "a.zip")], "neither a zip"),
        (["--batch", str(tmp_path / "b.zip")], "not a file"),
        (["--batch", str(tmp_path / "a.zip"), "--output", "x.xls"], "--output"),
        ([], "Give inputs"),
    ):
        with pytest.raises(CommandError, match=words):
            call_command("predict", token, *arguments)
