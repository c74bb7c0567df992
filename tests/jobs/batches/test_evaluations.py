"""Models measured on labelled files by a real child process: the figures, what is left out, what is refused."""

import csv
import io
import json
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from jobs.batches import downloads, evaluations, lifecycle, runner
from jobs.batches.access import get_batch, get_evaluation
from jobs.batches.errors import BatchUnknown, ChoiceOpen, EvaluationUnknown, NotMeasurable
from jobs.models import BatchPrediction, Job
from jobs.uploads import UploadRefused
from modelstore.models import TrainedModel
from tests.bundles import picture
from tests.jobs.batches.conftest import zipped
from tests.site.conftest import make_job

__all__ = ["make_job"]
pytestmark = pytest.mark.django_db
Make = Callable[..., TrainedModel]
MOODS = """remark,mood
great fun for all of us,good
a lovely evening,good
what an awful play,bad
terrible and boring,bad
lovely but we left early,bad
it was long,so so
"""


def _moods(first: str, second: str) -> str:
    lines = [f"great fun number {n},{first}\nwhat an awful thing {n},{second}\n" for n in range(6)]
    return "remark,mood\n" + "".join(lines)


def submit(model: TrainedModel, content: bytes | str, name: str, **options: Any) -> BatchPrediction:
    content = content.encode() if isinstance(content, str) else content
    accept = options.pop("accept_guesses", False)
    return evaluations.submit(
        model=model,
        upload=ContentFile(content, name=name),
        options=options,
        accept_guesses=accept,
        idempotency_key=None,
    )


def measured(*arguments: Any, **options: Any) -> BatchPrediction:
    batch = submit(*arguments, **options)
    assert runner.run_next()
    batch.refresh_from_db()
    return batch


def table(batch: BatchPrediction) -> list[list[str]]:
    with default_storage.open(f"{batch.results_prefix}/results.csv") as file:
        return list(csv.reader(io.StringIO(file.read().decode("utf-8-sig"))))


@pytest.mark.parametrize("kind", ["text", "shared"])
def test_a_table_with_labels_measures_the_model(make_model: Make, kind: str) -> None:
    batch = measured(make_model(kind), MOODS, "evening.csv")
    assert (batch.status, batch.done, batch.file) == ("done", 6, ""), batch.error
    found = batch.evaluation
    assert found is not None
    assert (found["count"], found["unread"], found["score"]["name"]) == (5, 0, "accuracy")
    assert found["score"]["value"] == 0.8
    assert found["score"]["low"] == pytest.approx(0.1803, abs=1e-3)
    assert found["score"]["high"] == 1.0
    assert found["unknown"] == {"count": 1, "classes": [{"label": "so so", "count": 1}]}
    assert found["confusion"] == [[2, 1], [0, 2]]
    bad, good = found["per_class"]
    assert (bad["label"], bad["precision"], bad["recall"], bad["support"]) == ("bad", 1.0, 0.666667, 3)
    assert (good["label"], good["precision"], good["recall"], good["support"]) == ("good", 0.666667, 1.0, 2)
    assert found["confused"] == [{"truth": "bad", "predicted": "good", "count": 1, "share": 0.333333}]
    assert [(row["names"], row["truth"], row["label"]) for row in found["mistakes"]] == [
        ({"text": "lovely but we left early"}, "bad", "good")
    ]


def test_the_downloads_tell_the_truth_and_what_was_right(make_model: Make) -> None:
    batch = measured(make_model("text"), MOODS, "evening.csv")
    head, *rows = table(batch)
    assert head[:6] == ["remark", "mood", "truth", "right", "label", "probability"]
    assert [row[2:5] for row in rows][2:5] == [
        ["bad", "yes", "bad"],
        ["bad", "yes", "bad"],
        ["bad", "no", "good"],
    ]
    assert rows[5][:4] == ["it was long", "so so", "so so", ""]
    with default_storage.open(f"{batch.results_prefix}/results.jsonl") as file:
        lines = [json.loads(line) for line in file.read().decode().splitlines()]
    assert [line["right"] for line in lines] == [True, True, True, True, False, None]
    assert downloads.formats_of(batch) == ["xlsx", "csv", "jsonl"]


def test_pictures_in_class_folders_measure_the_model_and_mistakes_can_be_seen(make_model: Make) -> None:
    files = {f"red/{n}.png": picture("red", size=(30 + n, 30)) for n in range(3)}
    files |= {f"blue/{n}.png": picture("blue", size=(30 + n, 30)) for n in range(2)}
    files |= {"blue/odd.png": picture("red", size=(50, 31)), "gold/1.png": picture("yellow")}
    batch = measured(make_model("image"), zipped(files), "mine.zip")
    assert batch.status == "done", batch.error
    found = batch.evaluation
    assert found is not None
    assert (found["count"], found["unknown"]["count"]) == (6, 1)
    assert found["score"]["value"] == pytest.approx(5 / 6, abs=1e-6)
    (mistake,) = found["mistakes"]
    assert (mistake["names"], mistake["truth"], mistake["label"]) == ({"file": "blue/odd.png"}, "blue", "red")
    assert mistake["thumbnail"].startswith("data:image/jpeg;base64,")
    assert table(batch)[0][:4] == ["file", "truth", "right", "label"]


def test_sources_widen_the_interval(make_model: Make) -> None:
    rows = [("great fun", "good"), ("awful", "bad"), ("lovely thing", "bad"), ("boring", "bad")]
    body = "".join(
        f"{text} {n},{label},w{at}{n % 2}\n" for at, (text, label) in enumerate(rows) for n in range(8)
    )
    model = make_model("text")
    content = f"remark,mood,writer\n{body}"
    chosen = {"input_column": "remark", "label_column": "mood"}
    alone = measured(model, content, "a.csv", **chosen)
    together = measured(model, content, "a.csv", group_column="writer", **chosen)
    assert alone.evaluation and together.evaluation
    assert alone.evaluation["score"]["value"] == together.evaluation["score"]["value"] == 0.75
    assert together.evaluation["score"]["low"] < alone.evaluation["score"]["low"] - 0.1


def test_a_table_is_read_by_the_columns_that_the_model_learnt_from(make_model: Make, make_job: Any) -> None:
    model = make_model("text")
    reading = {"input_columns": ["remark"], "label_column": "mood"}
    Job.objects.filter(pk=make_job().pk).update(model=model, reading=reading)
    rows = "text,label,remark,mood\n" + "".join(
        f"note {n} from the desk,x{n % 2},{'great fun' if n % 2 else 'awful'} {n},{'good' if n % 2 else 'bad'}\n"
        for n in range(8)
    )
    batch = measured(model, rows, "all.csv")
    assert batch.reading["input_columns"] == ["remark"] and batch.reading["label_column"] == "mood"
    assert batch.evaluation["count"] == 8 and batch.evaluation["score"]["value"] == 1.0


@pytest.mark.parametrize(
    ("content", "code", "words"),
    [
        (_moods("happy", "sad"), "classes_unknown", "None of the classes"),
        (_moods("good", "sad"), "classes_unknown", 'only "good" is one'),
        (
            _moods("good", "good"),
            "too_few_classes",
            "All samples in the file have the same",
        ),
        ("remark\ngreat fun\nawful\n", None, "column"),
        ("", "upload_empty", "empty"),
    ],
)
def test_what_measures_nothing_is_refused_in_a_sentence(
    make_model: Make, content: str, code: str | None, words: str
) -> None:
    with pytest.raises(UploadRefused, match=words) as refused:
        submit(make_model("text"), content, "my.csv")
    assert code is None or refused.value.code == code
    assert not BatchPrediction.objects.exists()


def test_pictures_without_labels_are_refused_in_a_sentence(make_model: Make) -> None:
    with pytest.raises(UploadRefused, match="folder"):
        submit(
            make_model("image"),
            zipped({f"{n}.png": picture("red", size=(30 + n, 30)) for n in range(3)}),
            "a.zip",
        )


def test_what_is_open_is_asked_unless_guesses_are_accepted(make_model: Make, monkeypatch: Any) -> None:
    from jobs.datasets import reading
    from jobs.uploads.findings import Question

    inspect = reading.inspect
    question = Question(field="label_column", message="Which one?", guess="mood", choices=("mood", "x"))

    def asking(**arguments: Any) -> Any:
        found = inspect(**arguments)
        found.document["questions"].append(question.to_json())
        return found

    monkeypatch.setattr(reading, "inspect", asking)
    model = make_model("text")
    with pytest.raises(ChoiceOpen, match="Which one\\?") as asked:
        submit(model, MOODS, "a.csv")
    assert asked.value.questions[0]["choices"] == ["mood", "x"]
    assert submit(model, MOODS, "a.csv", accept_guesses=True).status == "queued"


def test_a_kind_that_cannot_measure_says_so(make_model: Make, monkeypatch: Any) -> None:
    from jobs.kinds.sentences import batches

    monkeypatch.delattr(batches, "open_labelled")
    with pytest.raises(NotMeasurable):
        submit(make_model("text"), MOODS, "a.csv")


def test_batches_and_measurements_have_doors_of_their_own(make_model: Make) -> None:
    batch = submit(make_model("text"), MOODS, "a.csv")
    assert batch.model is not None
    assert get_evaluation(batch.model.token, batch.token) == batch
    with pytest.raises(BatchUnknown):
        get_batch(batch.model.token, batch.token)
    with pytest.raises(EvaluationUnknown):
        get_evaluation(batch.model.token, "x" * 22)
    assert lifecycle.cancel(batch=batch) and batch.status == "cancelled"
