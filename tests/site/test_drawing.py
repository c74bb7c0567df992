"""Curves, matrices, words and the samples: pure functions behind the pages."""

import random

import pytest

from flashsite.samples import FOLDER, make
from flashsite.samples.messages import messages
from flashsite.templatetags.charts import HEIGHT, WIDTH, chart
from flashsite.templatetags.flash_words import duration, percent, rate, width
from jobs.money.quotes import Quoter
from jobs.web.pages.presets import cards, fillings
from modelstore.web.figures import MOST_CLASSES, confused_pairs, confusion_rows
from tests.tasks import Task
from training.kinds import Preset, kind_of


def row(epoch: int, **figures: float | None) -> dict[str, float | None]:
    return {"epoch": epoch, **figures}


@pytest.mark.parametrize("count", [0, 1, 2, 7, 200])
@pytest.mark.parametrize("what", ["loss", "accuracy"])
def test_curves_stay_inside_the_picture(count: int, what: str) -> None:
    dice = random.Random(count)
    epochs = [
        row(n, **{f"train_{what}": dice.random(), f"val_{what}": dice.random()}) for n in range(1, count + 1)
    ]
    drawn = chart(epochs, what, best_epoch=1)
    points = [*drawn["dots"], *([drawn["best"]] if drawn["best"] else [])]
    assert all(0 <= point["x"] <= WIDTH and 0 <= point["y"] <= HEIGHT for point in points)
    assert len(drawn["rows"]) <= 8
    assert len(drawn["columns"]) <= 9
    assert len(drawn["lines"]) == (2 if count > 1 else 0)


def test_missing_and_infinite_figures_leave_a_gap() -> None:
    drawn = chart(
        [row(1, val_loss=None, train_loss=float("nan")), row(2, val_loss=float("inf"), train_loss=0.0)],
        "loss",
    )
    assert len(drawn["dots"]) == 1


@pytest.mark.parametrize("value", [0.0, 1.0, 0.5])
def test_a_flat_curve_can_be_drawn(value: float) -> None:
    drawn = chart([row(n, val_accuracy=value, train_accuracy=value) for n in (1, 2)], "accuracy")
    assert drawn["rows"]
    assert all(0 <= dot["y"] <= HEIGHT for dot in drawn["dots"])


def test_the_curve_is_described_for_those_who_do_not_see_it() -> None:
    drawn = chart([row(1, val_accuracy=0.5), row(2, val_accuracy=0.75)], "accuracy")
    assert drawn["describe"] == "From epoch 1 to 2, validation accuracy went from 50.0 % to 75.0 %."


def test_figures_are_said_as_people_say_them() -> None:
    said = [
        percent(0.974),
        percent(1.0),
        percent(None),
        duration(40),
        duration(83),
        duration(3000),
        duration(7200),
        duration(9000),
    ]
    assert [word.replace("\N{NO-BREAK SPACE}", " ") for word in said] == [
        "97.4 %", "100 %", "–", "40 s", "1 min 23 s", "50 min", "2 h", "2 h 30 min",
    ]  # fmt: skip
    assert [rate(1e-5), rate(0.5), rate(None), width(0.5), width(7), width(None)] == [
        "0.00001",
        "0.5",
        "",
        "50.00%",
        "100.00%",
        "0.00%",
    ]


def test_a_matrix_shades_by_the_share_of_the_row() -> None:
    first, second = confusion_rows(["a", "b"], [[9, 1], [0, 0]])
    assert [cell["shade"] for cell in first["cells"]] == [9, 1]
    assert [cell["shade"] for cell in second["cells"]] == [0, 0]
    assert confusion_rows(["x"] * (MOST_CLASSES + 1), []) == []


def test_the_commonest_mistakes_come_first() -> None:
    pairs = confused_pairs(["a", "b"], [[5, 2], [3, 1]])
    assert [(pair["truth"], pair["predicted"], pair["count"]) for pair in pairs] == [
        ("b", "a", 3),
        ("a", "b", 2),
    ]


@pytest.mark.django_db
@pytest.mark.parametrize("task", list(Task))
def test_more_thorough_presets_are_expected_to_take_longer(task: Task) -> None:
    quoter = Quoter()
    configs = [
        {"task": task, "preset": preset, **kind_of(task).defaults(preset, None, None)}
        for preset in (Preset.QUICK, Preset.BALANCED, Preset.BEST)
    ]
    times = [quoter.quote(config, 5000).training.expected for config in configs]
    assert times == sorted(times)
    assert [card.value for card in cards(kind_of(task), 5000, quoter)] == list(Preset)
    assert "quick||" in fillings(kind_of(task))


def test_the_samples_are_what_their_script_makes() -> None:
    assert (FOLDER / "messages.csv").read_bytes() == make.messages_csv()
    assert (FOLDER / "shapes.zip").stat().st_size < 400_000


def test_the_messages_are_different_and_balanced() -> None:
    rows = messages(100, random.Random(1))
    assert len({text for text, _ in rows}) == 100
    assert {label: sum(1 for _, other in rows if other == label) for _, label in rows} == dict.fromkeys(
        ["broken", "delivery", "praise", "question", "refund"], 20
    )
