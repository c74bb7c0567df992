"""The page of a model: figures, predictions, downloads."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from jobs.models import PlatformStatus
from modelstore.models import TrainedModel
from modelstore.prediction import predictor
from tests.bundles import picture
from tests.site.kept_examples import FINDINGS
from tests.site.test_pages import read
from tests.tasks import Task
from training.ground.recipe import resolve


@pytest.fixture(autouse=True)
def _nothing_kept_in_memory():
    predictor.loaded.cache_clear()
    yield
    predictor.loaded.cache_clear()


def file(name: str, data: bytes | None = None) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, picture("green") if data is None else data, "image/png")


def predict(client: Client, model, data, **headers):
    return client.post(reverse("model-predict", args=[model.token]), data, headers=headers)


def test_several_pictures_are_sorted_and_a_bad_one_spoils_none(client: Client, make_model) -> None:
    good, broken = file("a.png"), file("b.png", picture("red")[:60])
    response = predict(
        client, make_model(), {"image": [good, broken, file("c.svg", b"<svg/>"), file("d.png", b"")]}
    )
    page = read(response)
    outcomes = response.context["outcomes"]
    assert [outcome.name for outcome in outcomes] == ["a.png", "b.png", "c.svg", "d.png"]
    assert outcomes[0].prediction.label == "green"
    assert "cannot be read" in outcomes[1].error
    assert "SVG" in outcomes[2].error
    assert "is an empty file" in outcomes[3].error
    assert "Input" not in page.text.split("Predictions")[1].split("How good it is")[0]


def test_sentences_are_sorted_one_a_line(client: Client, make_model) -> None:
    response = predict(client, make_model(Task.TEXT), {"sentences": "great fun\r\n\r\n  awful \n"})
    assert [outcome.prediction.label for outcome in response.context["outcomes"]] == ["good", "bad"]
    assert "great fun" in read(response).text


def test_the_script_gets_the_answers_alone(client: Client, make_model) -> None:
    response = predict(
        client, make_model(Task.TEXT), {"sentences": "great <b>fun</b>"}, **{"X-Part": "predictions"}
    )
    assert b"<html" not in response.content
    assert b"great &lt;b&gt;fun" in response.content


@pytest.mark.parametrize(
    ("task", "data"),
    [(Task.IMAGE, {}), (Task.TEXT, {}), (Task.TEXT, {"sentences": " \n "}), (Task.IMAGE, {"sentences": "x"})],
)
def test_nothing_to_predict_is_told(client: Client, make_model, task: Task, data) -> None:
    assert " first" in read(predict(client, make_model(task), data), 400).text


def test_too_many_at_once_are_told_and_not_lost(client: Client, make_model) -> None:
    lines = "\n".join(["great"] * 1001)
    response = predict(client, make_model(Task.TEXT), {"sentences": lines})
    assert "1,001 lines are more than the 1,000" in read(response, 400).text
    assert response.context["form"]["sentences"].value() == lines
    response = predict(
        client, make_model(), {"image": [file(f"{n}.png", b"x") for n in range(100)] + [file("z.png")]}
    )
    assert response.status_code == 413


def test_the_page_has_the_command_for_programs(client: Client, make_model) -> None:
    model = make_model()
    page = read(client.get(reverse("model", args=[model.token])))
    assert f"curl -F image=@picture.jpg http://testserver/api/v1/models/{model.token}/predict/" in page.text


@pytest.mark.parametrize("format", ["onnx", "pytorch", "safetensors", "bundle"])
def test_each_format_is_offered_and_comes(client: Client, make_model, format: str) -> None:
    model = make_model()
    address = f"{reverse('model-download', args=[model.token])}?format={format}"
    assert read(client.get(reverse("model", args=[model.token]))).all("a", href=address)
    response = client.get(address)
    assert response.status_code == 200
    assert response["Content-Disposition"].startswith("attachment")
    assert len(b"".join(response.streaming_content)) == int(response["Content-Length"])


def test_a_model_that_may_not_be_taken_offers_nothing(client: Client, make_model) -> None:
    model = make_model(downloadable=False)
    page = read(client.get(reverse("model", args=[model.token])))
    assert "cannot be downloaded" in page.text
    assert "not downloadable" in read(client.get(reverse("model-download", args=[model.token])), 403).text


def test_a_format_that_is_none_is_told(client: Client, make_model) -> None:
    address = reverse("model-download", args=[make_model().token])
    assert "Choose one of these formats" in read(client.get(address, {"format": "pickle"}), 400).text


def test_many_classes_show_the_commonest_mistakes_in_place_of_the_matrix(client: Client, make_model) -> None:
    page = read(
        client.get(reverse("model", args=[make_model(classes=[f"class {n}" for n in range(40)]).token]))
    )
    assert not page.all("table", **{"class": "matrix"})


def test_what_was_found_in_the_data_is_shown(client: Client, make_model) -> None:
    model = make_model(Task.TEXT)
    model.report |= FINDINGS
    model.save()
    page = read(client.get(reverse("model", args=[model.token])))
    for words in (
        "Naive Bayes on single words",
        "are off by 2.1 %",
        "3 also in the training part",
        "Without them, the accuracy is 87.5 %",
        "1 nearly the same under two classes",
        "1,200 labels that may be wrong",
        "row 7: so nice",
        "row 8: well",
        "row 9: <i>hm</i>",
    ):
        assert words in page.text.replace("\N{NO-BREAK SPACE}", " ")


OUTSIDE = {"threshold": 0.5, "false_alarms": 0.0493, "caught": 0.4234, "asked": 802}


def test_what_is_about_none_of_the_classes_is_marked(client: Client, make_model) -> None:
    words = "This is probably none of your classes."
    model = make_model(Task.TEXT, outside=OUTSIDE)
    page = read(predict(client, model, {"sentences": "great fun\nthe weather"}))
    assert page.text.count(words) == 1
    assert words not in read(predict(client, model, {"sentences": "great fun"})).text
    # Whoever set a threshold of one's own is told of that.
    own = read(predict(client, model, {"sentences": "the weather", "threshold": "99"})).text
    assert "is below your threshold" in own and words not in own
    many = read(predict(client, model, {"sentences": "great fun\n" * 9 + "the weather"}))
    assert many.all("table") and many.text.count("probably none of your classes") == 1


def test_a_file_of_predictions_has_a_column_for_it(client: Client, make_model) -> None:
    lines = {"sentences": "great fun\nthe weather", "as": "csv"}
    content = predict(client, make_model(Task.TEXT, outside=OUTSIDE), lines).content.decode("utf-8-sig")
    header, one, other = (line.split(",")[-2:] for line in content.splitlines())
    assert (header, one, other) == (["error", "outside"], ["", "no"], ["", "yes"])
    assert "outside" not in predict(client, make_model(Task.TEXT), lines).content.decode()


def test_the_page_says_how_much_of_other_classes_is_noticed(client: Client, make_model) -> None:
    model = make_model(Task.TEXT)
    model.report["thresholds"] = [{"threshold": 0.5, "unsure": 0.1, "accuracy": 0.95}]

    def text_with(outside) -> str:
        model.report["outside"] = outside
        model.save()
        page = read(client.get(reverse("model", args=[model.token])))
        return " ".join(page.text.replace("\N{NO-BREAK SPACE}", " ").split())

    assert (
        "Catches 42.3 % of sentences that belong to none of the classes, with 4.9 % false alarms (measured by "
        "leaving classes out)"
    ) in text_with(OUTSIDE)
    assert "are marked, with 4.9 % false alarms." in text_with(OUTSIDE | {"caught": None})
    assert "Too few sentences." in text_with({"missing": "Too few sentences."})
    assert "false alarms" not in text_with(None)


def test_programs_are_told_figures_but_no_examples(client: Client, make_model) -> None:
    model = make_model(Task.TEXT)
    model.report |= FINDINGS
    model.save()
    metrics = client.get(f"/api/v1/models/{model.token}/").json()["metrics"]
    assert metrics["duplicates"] == {"count": 3, "accuracy_without": 0.875, "conflicts": 1}
    assert "row " not in str(metrics)


def test_a_report_of_before_has_no_findings(client: Client, make_model) -> None:
    assert "Worth a look" not in read(client.get(reverse("model", args=[make_model().token]))).text


def test_the_page_takes_few_queries(client: Client, make_model, django_assert_max_num_queries) -> None:
    PlatformStatus.current()
    model = make_model()
    # The last is for the version of the data that it learnt from.
    with django_assert_max_num_queries(7):
        client.get(reverse("model", args=[model.token]))


def test_a_model_of_sentences_tells_only_settings_that_it_has(client: Client, make_model) -> None:
    model = make_model(Task.TEXT)
    model.manifest["config"] = resolve(Task.TEXT, {"preset": "quick"}).to_json()
    model.save()
    text = read(client.get(reverse("model", args=[model.token]))).text.split("How it was trained")[1]
    assert "Quick" in text and "90 : 10" in text
    assert "ImageNet" not in text and "pictures" not in text


def test_an_epoch_added_by_the_trainer_is_among_those_planned(client: Client, make_model) -> None:
    model = make_model(Task.TEXT)
    model.manifest["config"] |= {"epochs": 12}
    model.report |= {"best_epoch": 13, "epochs": [{"epoch": number} for number in range(1, 14)]}
    model.save()
    page = read(client.get(reverse("model", args=[model.token]))).text
    assert "Epochs 13" in page and "Epoch kept 13" in page


def test_a_model_whose_network_votes_with_ngrams_says_what_its_curve_shows(
    client: Client, make_model
) -> None:
    model = make_model(Task.TEXT)
    address = reverse("model", args=[model.token])
    for name, told in (("lstm", True), ("bag_of_ngrams", False)):
        model.manifest["config"] = resolve(Task.TEXT, {"model": name}).to_json()
        model.save()
        assert bool(read(client.get(address)).all("p", id="curves")) is told


def test_the_page_for_browsers_is_offered_with_its_size(client: Client, make_model) -> None:
    model = make_model()
    address = reverse("model", args=[model.token])
    (page,) = [file for file in client.get(address).context["downloads"] if file["format"] == "web"]
    assert page["size"] > 4_800_000 and "unpack the zip and open index.html" in page["words"]
    assert "on a page in any browser, and proves" in read(client.get(address)).text
    TrainedModel.objects.update(model_name="multilingual_e5")
    formats = [file["format"] for file in client.get(address).context["downloads"]]
    assert "web" not in formats and "bundle" in formats
