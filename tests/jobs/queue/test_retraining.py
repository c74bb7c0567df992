"""Continuing a model: who may, what the trainer gets, who has the token in the end; and extending a dataset."""

import csv
import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.test import Client
from django.urls import reverse

from jobs.datasets import dataset_store, extension
from jobs.errors import SubmissionInvalid
from jobs.models import Dataset, Job, Server
from jobs.queue import lifecycle, retraining
from jobs.states import JobStatus
from jobs.submitting import submission
from jobs.submitting.lineage import Lineage, read_lineage
from jobs.worker import runner
from modelstore import api_keys
from modelstore.bundles import store
from modelstore.ground import tokens
from modelstore.models import Tombstone, TrainedModel
from tests.bundles import MOODS, picture, shared_bundle, text_bundle
from tests.jobs.web.test_api import post_job, problem
from tests.published import create_model
from tests.tasks import Task
from training.evaluation.gate import Gate

pytestmark = pytest.mark.django_db
FLIP = {"source": "row 3", "label": "good", "before": "bad", "after": "good"}
SAME = {
    "samples": 20, "same_samples": 20, "score": "accuracy", "before": 0.8, "new_classes": [], "lost_classes": [],
    "chance_of_loss": 0.5, "most_lost": None, "must_pass": 0, "must_pass_failed": [],
    "flips": {"count": 1, "lost": 0, "won": 1, "rows": [FLIP]},
}  # fmt: skip
WINS = {**SAME, "after": 0.9, "wins": True, "refused": ""}
LOSES = {**SAME, "after": 0.7, "wins": False, "refused": "lower"}


def bundle_with(folder: Path, previous: dict[str, Any] | None) -> Path:
    """A bundle as the trainer leaves it after continuing."""
    text_bundle(folder)
    report = json.loads((folder / "report.json").read_text())
    if previous is not None:
        report["previous"] = previous
    (folder / "report.json").write_text(json.dumps(report))
    manifest = json.loads((folder / "model.json").read_text())
    from training.bundle.manifest import describe_files

    manifest["files"] |= describe_files(folder, ["report.json"])
    (folder / "model.json").write_text(json.dumps(manifest))
    return folder


@pytest.fixture
def model(tmp_path: Path) -> TrainedModel:
    """A live text model."""
    folder = text_bundle(tmp_path / "earlier")
    store.upload_bundle(folder=folder, prefix="jobs/900/1")
    return create_model(
        token=tokens.new_token(), prefix="jobs/900/1", folder=folder, task_name="moods", downloadable=True
    )


@pytest.fixture
def continuing(model: TrainedModel, make_job: Callable[..., Job], server: Server, tmp_path: Path) -> Job:
    """A claimed job that continues `model`, its RUN_DIR prepared."""
    token = make_job(continues=model).token
    job = lifecycle.claim(server=server)
    assert job is not None
    job.token = token
    retraining.prepare(job=job, folder=tmp_path)
    lifecycle.start_training(job=job)
    lifecycle.start_deploying(job=job)
    return job


def publish(job: Job, tmp_path: Path, previous: dict[str, Any] | None) -> Job:
    folder, prefix = bundle_with(tmp_path / "trained", previous), f"jobs/{job.pk}/{job.fence}"
    store.upload_bundle(folder=folder, prefix=prefix)
    lifecycle.publish(job=job, bundle=folder, prefix=prefix)
    job.refresh_from_db()
    return job


def test_the_trainer_gets_the_earlier_bundle(continuing: Job, model: TrainedModel, tmp_path: Path) -> None:
    assert {"model.json", "model.onnx", "tokenizer.json"} <= {
        path.name for path in (tmp_path / "previous").iterdir()
    }
    continuing.refresh_from_db()
    assert continuing.continues_prefix == model.storage_prefix


def test_the_trainer_gets_whole_files_of_what_is_stored_in_parts(
    make_job: Callable[..., Job], server: Server, tmp_path: Path
) -> None:
    folder = shared_bundle(tmp_path / "earlier")
    store.upload_bundle(folder=folder, prefix="jobs/900/1")
    model = create_model(
        token=tokens.new_token(), prefix="jobs/900/1", folder=folder, task_name="moods", downloadable=True
    )
    make_job(continues=model)
    job = lifecycle.claim(server=server)
    assert job is not None
    retraining.prepare(job=job, folder=tmp_path)
    for name in ("model.onnx", "model.pt", "tokenizer.json"):
        assert (tmp_path / "previous" / name).read_bytes() == (folder / name).read_bytes()


def test_what_continues_a_model_has_its_name_unless_told(
    model: TrainedModel, make_dataset: Callable[..., Dataset]
) -> None:
    said = {"dataset": make_dataset(), "values": {}, "lineage": Lineage(continue_from=model.token)}
    assert submission.submit(**said, task_name="").task_name == model.task_name
    assert submission.submit(**said, task_name="new moods").task_name == "new moods"


def test_a_winner_takes_over_the_token(continuing: Job, model: TrainedModel, tmp_path: Path) -> None:
    job = publish(continuing, tmp_path, WINS)
    model.refresh_from_db()
    assert model.storage_prefix == f"jobs/{job.pk}/{job.fence}"
    (earlier,) = model.versions.all()
    assert (earlier.number, earlier.storage_prefix, earlier.answered) == (1, "jobs/900/1", True)
    assert model.version == 2
    assert not Tombstone.objects.exists()
    assert job.status == JobStatus.DEPLOYED
    assert job.comparison is not None
    assert job.comparison["verdict"] == "took_over"
    assert TrainedModel.objects.count() == 1


def test_a_loser_leaves_the_earlier_model_alone_and_says_so(
    continuing: Job, model: TrainedModel, tmp_path: Path, client: Client
) -> None:
    job = publish(continuing, tmp_path, LOSES)
    model.refresh_from_db()
    assert model.storage_prefix == "jobs/900/1"
    (refused,) = model.versions.all()
    assert (refused.number, refused.storage_prefix) == (2, f"jobs/{job.pk}/{job.fence}")
    assert (model.version, refused.answered) == (1, False)
    assert not Tombstone.objects.exists()
    assert job.comparison is not None
    assert job.comparison["flips"] == {"count": 1, "lost": 0, "won": 1}
    assert "stays" in job.comparison["words"]
    assert "14 right, the earlier one 16" in job.comparison["words"]
    page = client.get(reverse("job", args=[job.token])).content.decode()
    assert "The earlier model stays" in page
    assert reverse("model", args=[model.token]) in page
    told = client.get(f"/api/v1/jobs/{job.token}/").json()
    assert told["comparison"]["verdict"] == "kept_earlier"
    assert told["model_url"].endswith(f"/models/{model.token}/")


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({"lost_classes": ["sport"], "refused": "lost_classes"}, "the new data lacks “sport”"),
        (
            {
                "refused": "must_pass", "must_pass": 3,
                "must_pass_failed": [{"example": "hello there", "label": "good", "answer": "bad"}],
            },
            "fails 1 of the 3 examples that must pass, such as “hello there”, which it takes for “bad”",
        ),
        (
            {
                "after": 0.9, "refused": "class_loss",
                "most_lost": {"label": "bad", "samples": 8, "lost": 3, "loss": 0.375},
            },
            "of the 8 samples of “bad” the new one misses 3 more",
        ),
        ({}, "the earlier one 16, which may be chance"),
        ({"chance_of_loss": 0.01}, "the earlier one 16."),
    ],
)  # fmt: skip
def test_why_the_earlier_model_stays_is_told(
    continuing: Job, tmp_path: Path, told: dict[str, Any], words: str
) -> None:
    job = publish(continuing, tmp_path, LOSES | told)
    assert job.comparison is not None
    assert words in job.comparison["words"]


def test_the_trainer_gets_what_the_owner_asks_of_the_new_model(
    model: TrainedModel, make_job: Callable[..., Job], server: Server, tmp_path: Path
) -> None:
    model.must_pass.create(label="good", text="hello there")
    model.must_pass.create(label="bad", name="a.png", data=picture())
    TrainedModel.objects.update(most_class_loss=None)
    make_job(continues=model)
    job = lifecycle.claim(server=server)
    assert job is not None
    retraining.prepare(job=job, folder=tmp_path)
    gate = Gate.of(tmp_path / "previous")
    assert gate == Gate(None, (("hello there", "good"), (picture(), "bad")))


def test_a_model_replaced_meanwhile_is_not_overwritten(
    continuing: Job, model: TrainedModel, tmp_path: Path
) -> None:
    TrainedModel.objects.update(storage_prefix="jobs/901/1")
    job = publish(continuing, tmp_path, WINS)
    model.refresh_from_db()
    assert model.storage_prefix == "jobs/901/1"
    assert [version.answered for version in model.versions.all()] == [False]
    assert job.comparison is not None
    assert job.comparison["verdict"] == "replaced_meanwhile"


def test_when_the_earlier_model_is_gone_the_new_one_is_the_jobs_own(
    continuing: Job, model: TrainedModel, tmp_path: Path
) -> None:
    store.delete_model(model)
    job = publish(continuing, tmp_path, WINS)
    assert job.comparison is None
    assert job.model is not None
    assert job.model.token_digest == job.token_digest


def test_a_damaged_earlier_model_is_not_continued_from(
    model: TrainedModel, make_job: Callable[..., Job], server: Server, tmp_path: Path, settings: Any
) -> None:
    (Path(settings.MEDIA_ROOT) / "jobs/900/1/model.onnx").write_bytes(b"something else")
    make_job(continues=model)
    job = lifecycle.claim(server=server)
    assert job is not None
    retraining.prepare(job=job, folder=tmp_path)
    assert not (tmp_path / "previous").exists()
    assert "damaged" in job.events.get().message


def test_the_whole_run_continues(
    model: TrainedModel, make_job: Callable[..., Job], trainer: Callable[[str], None], tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    trainer("train")
    monkeypatch.setenv("FAKE_TRAINER_BUNDLE", str(bundle_with(tmp_path / "won", WINS)))
    job = make_job(continues=model)
    assert runner.run_next()
    job.refresh_from_db()
    assert (job.status, (job.comparison or {}).get("verdict")) == (JobStatus.DEPLOYED, "took_over")


def test_submitting_names_the_earlier_model_and_takes_its_architecture(
    model: TrainedModel, make_dataset: Callable[..., Dataset]
) -> None:
    job = submission.submit(
        dataset=make_dataset(), task_name="x", values={}, lineage=Lineage(continue_from=model.token)
    )
    assert (job.continues, job.model_name) == (model, "lstm")


def test_what_cannot_be_continued_is_refused_with_a_reason(
    model: TrainedModel, make_dataset: Callable[..., Dataset]
) -> None:
    def refused(**more: Any) -> str:
        values: dict[str, Any] = {"dataset": make_dataset(), "task_name": "x", "values": {}} | more
        with pytest.raises(SubmissionInvalid) as refusal:
            submission.submit(**values)
        return " ".join(sentence for sentences in refusal.value.fields.values() for sentence in sentences)

    assert "token" in refused(lineage=Lineage(continue_from="unknown"))
    lineage = Lineage(continue_from=model.token)
    assert "lstm" in refused(lineage=lineage, values={"model": "gru"})
    TrainedModel.objects.update(pinned=True)
    assert "pinned" in refused(lineage=lineage)
    TrainedModel.objects.update(pinned=False, task_type=Task.IMAGE.value)
    assert "a different kind: pictures and sentences cannot be mixed" in refused(lineage=lineage)


def test_a_model_of_an_api_key_is_continued_with_that_key_alone(
    model: TrainedModel, make_job: Callable[..., Job], make_dataset: Callable[..., Dataset]
) -> None:
    key, _ = api_keys.create(name="a", scopes=["submit"])
    make_job(status=JobStatus.DEPLOYED, api_key=key, token=model.token)
    values: dict[str, Any] = {"task_name": "x", "values": {}, "lineage": Lineage(continue_from=model.token)}
    with pytest.raises(SubmissionInvalid):
        submission.submit(dataset=make_dataset(), **values)
    assert submission.submit(dataset=make_dataset(), api_key=key, **values).continues == model


def test_the_api_and_the_form_take_the_fields(
    client: Client, model: TrainedModel, make_dataset: Callable[..., Dataset]
) -> None:
    answer = post_job(client, continue_from=model.token)
    assert answer.status_code == 201, answer.content
    assert "continue_from" in problem(post_job(client, continue_from="nothing"), 400)["errors"]
    dataset = make_dataset()
    form = {"task_name": "x", "preset": "quick", "continue_from": f"http://x/models/{model.token}/"}
    assert client.post(reverse("dataset", args=[dataset.token]), form).status_code == 302
    assert Job.objects.filter(continues=model).count() == 2
    page = client.post(reverse("dataset", args=[dataset.token]), form | {"continue_from": "nothing"})
    assert page.status_code == 400


def test_tokens_are_read_from_addresses_too() -> None:
    told = read_lineage({"continue_from": " http://x/models/abc/?a=1 ", "extend_dataset": "/datasets/def/"})
    assert told == Lineage(continue_from="abc", extend_dataset="def")


def table(rows: list[tuple[str, str]]) -> Dataset:
    text = io.StringIO()
    csv.writer(text).writerows([("input", "label"), *rows])
    upload = ContentFile(text.getvalue().encode(), name="table.csv")
    return dataset_store.store_upload(task_type=Task.TEXT, upload=upload)


def test_a_table_is_extended_and_what_is_in_both_counts_once() -> None:
    base = table([(f"text {n}", MOODS[n % 2]) for n in range(10)])
    more = table([(f"text {n}", MOODS[n % 2]) for n in range(8, 14)] + [("new", "odd"), ("newer", "odd")])
    whole = extension.extended(base=base, more=more)
    assert whole.sample_count == 16
    assert {entry["label"]: entry["count"] for entry in whole.classes} == {"bad": 7, "good": 7, "odd": 2}
    assert Dataset.objects.count() == 3


def test_pictures_are_extended() -> None:
    def upload(colours: list[str], sizes: range) -> Dataset:
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            for colour in colours:
                for size in sizes:
                    archive.writestr(f"{colour}/{size}.png", picture(colour, size=(size, 20)))
        content = ContentFile(buffer.getvalue(), name="colours.zip")
        return dataset_store.store_upload(task_type=Task.IMAGE, upload=content)

    base, more = upload(["red", "green"], range(20, 24)), upload(["green", "blue"], range(22, 26))
    whole = extension.extended(base=base, more=more)
    assert {entry["label"]: entry["count"] for entry in whole.classes} == {"red": 4, "green": 6, "blue": 4}


def test_a_job_learns_from_both(client: Client) -> None:
    base = table([(f"text {n}", MOODS[n % 2]) for n in range(10)])
    answer = post_job(client, extend_dataset=base.token)
    assert answer.status_code == 201, answer.content
    job = Job.objects.get()
    assert job.sample_count == 30
    assert Dataset.objects.count() == 2, "the upload itself is not kept"
    assert problem(post_job(client, extend_dataset="nothing"), 404)["code"] == "dataset_not_found"


def test_kinds_do_not_mix(make_dataset: Callable[..., Dataset]) -> None:
    with pytest.raises(SubmissionInvalid):
        extension.extended(base=make_dataset(task_type=Task.IMAGE.value, name="x.zip"), more=make_dataset())
