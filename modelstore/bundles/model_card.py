"""The README.md of a bundle: what the model is, how good it is and how that was measured, how to use it."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from modelstore.models import TrainedModel
from training.bundle.manifest import MARKS_FILE, MEASURED_ONNX_FILE, MEASURED_TENSORS_FILE, VALIDATION_FILE
from training.evaluation.collect_words import collect_words
from training.ground.source_words import source_words
from training.ground.used_settings import used_settings
from training.kinds import CATALOG, kind_of
from training.score import ACCURACY, Score, capitalised, show
from training.search.folding import measured_words

_MOST_CLASSES = 100
_IN_BROWSER = (
    "`web/index.html` predicts in a browser without any server or network: open it from its folder, by a double click, "
    "or serve the folder as it is."
)
_NOT_IN_BROWSER = "There is no page for browsers: it cannot read sentences as this model's encoder does."
_ENTITY = re.compile(r"&(?=[#\w]+;)")
_AS_MANY = "On as many new samples, 95 % interval"
_ONLY = "It knows only these classes: whatever it is shown gets one of their names."
_FOREIGN = (
    f"{_ONLY} Set a threshold "
    "(`predict.py --threshold`) below which the answer is `none of my classes`; this rejects most of what "
    "does not belong to them, but not all."
)


# Of models with any number of labels a sample.
_MANY_FIGURES = {
    "macro_f1": "F1 (macro)",
    "mean_average_precision": "Mean average precision",
    "all_right": "All labels of a sample right",
}
_NO_LABEL = (
    "It knows only these labels. Where none of them is as likely as its threshold it names none; whether a sample is "
    "unlike all that it learned from, it does not tell."
)


def model_card(model: TrainedModel) -> str:
    """Markdown, after the headings of Mitchell et al. 2019."""
    parts = [
        _head(model),
        _score(model),
        _classes(model),
        _limits(model),
        _data(model),
        _collect(model),
        _use(model),
        _files(model),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _head(model: TrainedModel) -> str:
    facts = [
        ("Classifies", _what(model)),
        ("Network", model.model_name),
        ("Trained", f"{model.created:%Y-%m-%d}, with Flash"),
        ("Settings", _settings(model)),
    ]
    return f"# {_line(model.task_name)}\n\n" + _table(("", ""), facts)


def _search_rows(report: Mapping[str, Any], score: Score) -> list[tuple[str, str]]:
    """Of preset Auto: among how many it was chosen, and what it has on the samples that chose it."""
    search = report.get("search")
    if not search:
        return []
    tried = sum(1 for trial in search["trials"] if trial["score"])
    best = show(score.name, search["best_score"]["value"])
    return [("Chosen by Auto", f"as the best of {tried}, with {best} on the samples that chose it")]


def _what(model: TrainedModel) -> str:
    samples, count = kind_of(model.task_type).words.samples, len(model.classes)
    if model.label_thresholds is None:
        return f"{samples} into {count} classes"
    return f"{samples}: any number of {count} labels, each named from its own threshold on"


def _score(model: TrainedModel) -> str:
    report = model.report
    score = model.score
    rows = [(capitalised(score.kind.word), score.shown)]
    if score.interval:
        rows.append((_AS_MANY, " to ".join(show(score.name, end) for end in score.interval)))
    elif "too_few_sources" in report:
        rows.append((_AS_MANY, "too few sources to say"))
    rows += _search_rows(report, score)
    rows += _test_rows(model)
    if "majority_accuracy" in report:
        rows.append(("Always the most common class", _percent(report["majority_accuracy"])))
    if (baseline := report.get("baseline")) and score.name in baseline:
        rows.append((f"Simple method: {baseline['name']}", show(score.name, baseline[score.name])))
    rows += [(words, _percent(report[name])) for name, words in _MANY_FIGURES.items() if name in report]
    if ordered := report.get("ordered"):
        always = f"{ordered['always_middle']:.2f} for always the middle"
        rows.append(("Mean absolute error", f"{ordered['mean_absolute_error']:.2f} steps ({always})"))
    if calibration := report.get("calibration"):
        rows.append(("Calibration error", _percent(calibration["error_after"])))
    text = _how(report, kind_of(model.task_type).words.samples)
    if "folds" in report:
        text += " The model in `model.onnx` was made in the same way."
        if _measured_before(model):
            text += " It learned from all of them together; that of the first fold is kept for `evaluate.py`."
    elif _measured_before(model):
        text += (
            " After that the model in `model.onnx` learned from all of them together; the measured one is kept for "
            "`evaluate.py`."
        )
    if found := report.get("sources"):
        words = kind_of(model.task_type).words
        text += "\n\n" + source_words(found, score.name, words.sample, words.samples)
    return f"## How good it is\n\n{_table(('', ''), rows)}\n\n{text}".rstrip()


def _how(report: Mapping[str, Any], samples: str) -> str:
    """What the score was measured on."""
    learned = _count(report.get("train_count"))
    if in_folds := measured_words(report, samples):
        return f"Measured on {in_folds}; each of these models learned from about {learned} others."
    return (
        f"Measured on {_count(report.get('val_count'))} samples that the measured model had never seen; "
        f"it learned from {learned} others."
    )


def _test_rows(model: TrainedModel) -> list[tuple[str, str]]:
    score = model.test_score
    if score is None:
        return []
    rows = [(f"On the given test part ({model.test_count} samples, measured once)", score.shown)]
    if score.interval:
        rows.append((_AS_MANY, " to ".join(show(score.name, end) for end in score.interval)))
    return rows


def _classes(model: TrainedModel) -> str:
    report, many = model.report, model.label_thresholds is not None
    head = ["Class", "Precision", "Recall", "F1", "Samples"]
    names = ["precision", "recall", "f1"]
    if many:
        head = ["Label", *head[1:], "Average precision", "Threshold"]
    rows = [
        [
            _line(row["label"]),
            *(_percent(row[name]) for name in names),
            _count(row["support"]),
            *((_percent(row.get("average_precision")), _percent(row.get("threshold"))) if many else ()),
        ]
        for row in report.get("per_class", [])[:_MOST_CLASSES]
    ]
    title = "Label by label" if many else "Class by class"
    return f"## {title}\n\n{_table(head, rows)}" if rows else ""


def _limits(model: TrainedModel) -> str:
    points = [
        _foreign(model.report.get("outside") or {}, many=model.label_thresholds is not None),
        "The score holds only for data like the data it was trained on.",
    ]
    points += [_line(warning) for warning in model.report.get("warnings", [])]
    rows = [
        (f"{row['threshold']:.2f}", _percent(row["unsure"]), _percent(row["accuracy"]))
        for row in model.report.get("thresholds", [])
        if row["threshold"] in (0.5, 0.7, 0.9, 0.95, 0.99)
    ]
    table = "\n\n" + _table(("Threshold", "Unsure", "Accuracy of the others"), rows) if rows else ""
    return "## Limits\n\n" + "\n".join(f"- {point}" for point in points) + table


def _foreign(outside: Mapping[str, Any], *, many: bool) -> str:
    """What becomes of samples of other classes."""
    if many:
        return _NO_LABEL
    if "threshold" not in outside:
        return _FOREIGN
    caught = outside["caught"]
    share = "what" if caught is None else f"{_percent(caught)} of what"
    how = "" if caught is None else " (measured by leaving classes out)"
    return (
        f"{_ONLY} It marks {share} belongs to none of them as `outside`, with "
        f"{_percent(outside['false_alarms'])} false alarms{how}."
    )


def _data(model: TrainedModel) -> str:
    points = []
    if (suspects := model.report.get("suspects")) and suspects.get("count"):
        points.append(f"{suspects['count']:,} labels in its data may be wrong.")
    duplicates = model.report.get("duplicates") or {}
    if duplicates.get("count"):
        where = "in another fold" if "folds" in model.report else "in the training part"
        points.append(
            f"{duplicates['count']:,} samples that it was measured on also appear, nearly identical, {where}."
        )
    return "## Data\n\n" + "\n".join(f"- {point}" for point in points) if points else ""


def _collect(model: TrainedModel) -> str:
    found = model.report.get("collect")
    if not found:
        return ""
    words = collect_words(found, kind_of(model.task_type).words.samples)
    return "## What to collect next\n\n" + "\n".join(f"- {_line(sentence)}" for sentence in words)


def _use(model: TrainedModel) -> str:
    words = kind_of(model.task_type).words
    lines = ["pip install -r requirements.txt", f"python predict.py {words.example}"]
    if VALIDATION_FILE in model.manifest["files"] and model.score.name == ACCURACY:
        lines.append(
            f"python evaluate.py {words.example_data}      # recomputes the accuracy from your own data"
        )
        lines.append(
            f"python evaluate.py {words.example_data} --test      # measures a labelled test set of your own"
        )
    shell = "\n".join(lines)
    spec = CATALOG.get(model.model_name)
    in_browser = spec is None or spec.in_browser
    return f"## Use\n\n```\n{shell}\n```\n\n{_IN_BROWSER if in_browser else _NOT_IN_BROWSER}"


def _files(model: TrainedModel) -> str:
    words = kind_of(model.task_type).words
    last = "softmax" if model.label_thresholds is None else "a sigmoid for each label"
    rows = [
        (
            "`model.onnx`",
            f"takes {words.tensor}; gives probabilities, float32 [N, C]. Normalisation and {last} are inside",
        ),
        (
            "`model.json`",
            "classes in the order of the outputs, preprocessing, settings, a sha256 of each file",
        ),
        ("`labels.txt`", "the classes alone, in the order of the outputs"),
        ("`preprocess.py`", f"how a {words.sample} becomes numbers, as in training"),
        ("`inputs.py`", f"how the programs are handed {words.samples}"),
        ("`model.pt`, `model.safetensors`", "the weights, for further training"),
        ("`report.json`", "all figures"),
    ]
    if VALIDATION_FILE in model.manifest["files"]:
        rows.append(("`validation.csv`", "the samples it was measured on: sha256, label, answer"))
        rows.append(("`examples.zip`", "some of these samples, small"))
    if MARKS_FILE in model.manifest["files"]:
        rows.append(
            (
                "`marks.npz`",
                f"tells which {words.samples} of a file Flash trained on; no program here needs it",
            )
        )
    if _measured_before(model):
        rows.append(("`measured.*`", "the model that was measured"))
    return "## Files\n\n" + _table(("File", "What"), rows)


def _measured_before(model: TrainedModel) -> bool:
    return bool({MEASURED_ONNX_FILE, MEASURED_TENSORS_FILE} & set(model.manifest["files"]))


def _settings(model: TrainedModel) -> str:
    told = used_settings(model.manifest.get("config") or {}, kind_of(model.task_type))
    return "; ".join(f"{label}: {words}" for label, words in told) or "unknown"


def _count(number: Any) -> str:
    return f"{number:,}" if isinstance(number, int) else "\N{EN DASH}"


def _percent(share: Any) -> str:
    return f"{100 * share:.1f} %" if isinstance(share, int | float) else "\N{EN DASH}"


def _line(text: Any) -> str:
    """A user's words in one cell or line; nothing in them is Markdown or HTML."""
    plain = " ".join(str(text).split())
    for sign in "\\`*_[]<>|#~":
        plain = plain.replace(sign, f"\\{sign}")
    # Nor an entity: `&lt;` is shown as it was written.
    return _ENTITY.sub(r"\\&", plain)


def _table(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(str(cell) for cell in line)} |" for line in lines)
