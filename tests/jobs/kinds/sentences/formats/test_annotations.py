import json

import pytest

from jobs.kinds.sentences.items import Sentences
from tests.jobs.kinds.sentences.formats.made_up import (
    ALL,
    COUNT,
    ITEMS,
    LABELS,
    ROWS,
    TEXTS,
    by_label,
    classes,
    lines,
    reasons,
    repairs,
)
from training.ground.limits import Limits


def choices(label, control="wish"):
    return {
        "result": [
            {"type": "choices", "from_name": control, "to_name": "message", "value": {"choices": [label]}}
        ]
    }


def other(label):
    return LABELS[(LABELS.index(label) + 1) % 3]


def task(number, text, label, **more):
    return {"id": number, "data": {"message": text, "desk": "north"}, "annotations": [choices(label)], **more}


TASKS = [task(i, *row) for i, row in enumerate(ROWS)]


def test_label_studio_gives_the_choice_and_tells_why_others_are_left_out(inspect_text):
    tasks = [dict(one) for one in TASKS]
    tasks[0]["annotations"] = [{**choices("pay"), "was_cancelled": True}]
    tasks[1] |= {"annotations": [], "predictions": [choices("pay")]}
    tasks[2]["annotations"] = [{"result": []}]
    findings = inspect_text(json.dumps(tasks))
    assert (findings.input_column, findings.label_column) == ("message", "wish")
    assert findings.sample_count == COUNT - 3
    assert "Label Studio" in repairs(findings)
    assert [str(note) for note in findings.skipped] == [
        "Task 1: Left out: its annotation was cancelled.",
        "Task 2: Left out: it has only a machine's prediction.",
        "Task 3: Left out: it has no label.",
    ]


def test_a_human_is_believed_not_a_machine(inspect_text):
    tasks = [one | {"predictions": [choices(other(ROWS[i][1]))]} for i, one in enumerate(TASKS)]
    assert classes(inspect_text(json.dumps(tasks))) == ALL


@pytest.mark.parametrize(
    "annotations",
    [
        lambda label: [choices(label), choices(label), choices(other(label))],
        lambda label: [choices(other(label)), choices(label)],
        lambda label: [choices(label) | {"ground_truth": True}, choices(other(label)), choices(other(label))],
    ],
    ids=["most", "the latest of two", "what was checked"],
)
def test_of_several_annotators_one_answer_is_taken(inspect_text, annotations):
    tasks = [one | {"annotations": annotations(ROWS[i][1])} for i, one in enumerate(TASKS)]
    assert classes(inspect_text(json.dumps(tasks))) == ALL


def minimal(i, text, label):
    return {
        "message": text, "id": i, "wish": label, "annotator": 1, "annotation_id": 9 + i, "created_at": "2025-05-01",
        "updated_at": "2025-05-02", "lead_time": 4.5,
    }  # fmt: skip


def test_the_flat_export_of_label_studio(inspect_text):
    items = [minimal(i, *row) for i, row in enumerate(ROWS)]
    assert classes(inspect_text(json.dumps(items))) == ALL
    items[4]["wish"] = {"choices": ["pay", "find"]}
    findings = inspect_text(json.dumps(items))
    assert findings.sample_count == COUNT - 1
    assert "several labels" in str(findings.skipped[0])


def test_the_csv_of_label_studio(inspect_text):
    items = [minimal(i, *row) for i, row in enumerate(ROWS)]
    data = ",".join(items[0]) + "\n" + "".join(",".join(map(str, item.values())) + "\n" for item in items)
    findings = inspect_text(data)
    assert classes(findings) == ALL
    assert (findings.input_column, findings.label_column) == ("message", "wish")


def test_doccano_gives_lists_of_labels(inspect_text):
    items = [
        {"id": i, "text": text, "label": [label], "Comments": []} for i, (text, label) in enumerate(ROWS)
    ]
    items[0]["label"], items[3]["label"] = [], ["pay", "find"]
    findings = inspect_text(lines(items))
    assert findings.sample_count == COUNT - 2
    assert findings.skipped[0].where == "Line 1"
    assert "several labels" in str(findings.skipped[1])


@pytest.mark.parametrize(
    "spans",
    [
        lambda text: {"text": text, "label": [[0, 4, "BOOK"]]},
        lambda text: {"text": text, "labels": [[0, 4, "BOOK"], [5, 7, "WHO"]]},
        lambda text: {
            "id": 1,
            "text": text,
            "_input_hash": 1,
            "answer": "accept",
            "spans": [{"start": 0, "end": 4}],
        },
        lambda text: {
            "data": {"t": text},
            "annotations": [
                {"result": [{"from_name": "l", "to_name": "t", "value": {"labels": ["BOOK"], "start": 0}}]}
            ],
        },
    ],
)
def test_marked_words_are_called_so(inspect_text, refusal_of, spans):
    refusal = refusal_of(inspect_text, lines(map(spans, TEXTS)))
    assert refusal.code == "spans_not_labels"
    assert "words inside the texts" in refusal.detail


def test_most_texts_with_several_labels_teach_each_of_them(inspect_text):
    cats = lines({"text": text, "cats": dict.fromkeys(LABELS, 1.0)} for text in TEXTS)
    doccano = lines({"text": text, "label": ["pay", "find"]} for text in TEXTS)
    fasttext = "".join(f"__label__pay __label__find {text}\n" for text in TEXTS)
    for data in (cats, doccano, fasttext):
        findings = inspect_text(data, classes={"pay": "pay"})
        assert findings.target == "many_labels"
        assert classes(findings)["find"] == len(TEXTS)


def answer(i, text, label, verdict):
    return {
        "text": text,
        "_input_hash": i,
        "_task_hash": -i,
        "label": label,
        "_view_id": "classification",
        "answer": verdict,
    }


def test_a_rejected_suggestion_of_prodigy_is_no_label(inspect_text):
    verdicts = ["accept", "accept", "accept", "reject", "ignore"]
    items = [
        answer(i, text, label if verdicts[i % 5] == "accept" else other(label), verdicts[i % 5])
        for i, (text, label) in enumerate(ROWS)
    ]
    findings = inspect_text(lines(items))
    assert findings.sample_count == COUNT * 3 // 5
    assert reasons(findings) == {
        'Left out: its "answer" is reject.': 6,
        'Left out: its "answer" is ignore.': 6,
    }
    rows = dict(ROWS)
    assert all(rows[text] == label for text, label in findings.rows)


def test_prodigy_asking_for_one_label_alone_has_two_answers(inspect_text):
    items = [
        answer(i, text, "pay", "accept" if label == "pay" else "reject")
        for i, (text, label) in enumerate(ROWS)
    ]
    assert classes(inspect_text(lines(items))) == {"pay": 10, "not pay": 20}


def test_the_choice_of_prodigy_is_what_was_accepted(inspect_text):
    options = [{"id": label, "text": label.title()} for label in LABELS]
    items = [
        {"text": text, "options": options, "accept": [label], "answer": "accept", "_view_id": "choice"}
        for text, label in ROWS
    ]
    assert classes(inspect_text(lines(items))) == ALL
    numbered = [{"id": i, "text": label} for i, label in enumerate(LABELS)]
    items = [item | {"options": numbered, "accept": [LABELS.index(item["accept"][0])]} for item in items]
    assert classes(inspect_text(lines(items))) == ALL


def argilla(i, text, label):
    wrong = other(label)
    return {
        "now": {
            "fields": {"message": text}, "suggestions": {"wish": {"value": wrong, "agent": "m"}}, "status": "completed",
            "responses": {"wish": [{"value": label, "user_id": "u"}]} if i % 5 else {},
        },
        "on the hub": {
            "message": text, "wish.responses": [label] if i % 5 else None, "wish.responses.users": ["u"],
            "wish.responses.status": ["submitted"], "wish.suggestion": wrong, "wish.suggestion.score": 0.9,
        },
        "before": {
            "fields": {"message": text}, "suggestions": [{"question_name": "wish", "value": wrong}],
            "responses": [{"values": {"wish": {"value": label}}, "status": "submitted" if i % 5 else "discarded"}],
        },
        "long ago": {
            "text": text, "inputs": {"message": text}, "prediction": [{"label": wrong, "score": 0.9}],
            "annotation": label if i % 5 else None, "status": "Validated" if i % 5 else "Default",
        },
    }  # fmt: skip


@pytest.mark.parametrize("version", ["now", "on the hub", "before", "long ago"])
def test_argilla_counts_what_people_said(inspect_text, version):
    findings = inspect_text(lines(argilla(i, *row)[version] for i, row in enumerate(ROWS)))
    assert findings.sample_count == COUNT * 4 // 5
    assert findings.input_column == "message"
    assert reasons(findings) == {"Left out: it has only a machine's suggestion.": 6}
    rows = dict(ROWS)
    assert all(rows[text] == label for text, label in findings.rows)


def test_spacy_gives_a_number_for_each_class(inspect_text):
    cats = [{one: float(one == label) for one in LABELS} for _, label in ROWS]
    assert (
        classes(inspect_text(lines({"text": t, "cats": c} for t, c in zip(TEXTS, cats, strict=True)))) == ALL
    )
    assert (
        classes(inspect_text(json.dumps([[t, {"cats": c}] for t, c in zip(TEXTS, cats, strict=True)]))) == ALL
    )


INTENTS = {
    "patterns": {"intents": [{"tag": k, "patterns": v, "responses": ["Fine by me"]} for k, v in by_label().items()]},
    "examples": {"intents": [{"intent": k, "examples": [{"text": t} for t in v]} for k, v in by_label().items()]},
    "samples": {"model": {"intents": [{"name": k, "slots": [], "samples": v} for k, v in by_label().items()]}},
    "phrases": [
        {"displayName": k, "trainingPhrases": [{"parts": [{"text": t[:5]}, {"text": t[5:]}]} for t in v]}
        for k, v in by_label().items()
    ],
    "by name": {k: {"patterns": v, "responses": ["Fine by me"]} for k, v in by_label().items()},
    "utterances": {
        "name": "desk", "intents": [{"name": k} for k in LABELS],
        "utterances": [{"text": t, "intent": k, "entities": []} for t, k in ROWS],
    },
    "parts": {
        "assets": {
            "utterances": [
                {"text": t, "intent": k, "dataset": "Test" if i % 3 else "Train"} for i, (t, k) in enumerate(ROWS)
            ]
        }
    },
    "common examples": {"rasa_nlu_data": {"common_examples": [{"text": t, "intent": k} for t, k in ROWS]}},
    "pieces": {
        k: [{"data": [{"text": t[:4]}, {"text": t[4:], "entity": "x"}]} for t in v] for k, v in by_label().items()
    },
}  # fmt: skip


@pytest.mark.parametrize("name", INTENTS)
def test_it_reads_intents_of_chatbots(inspect_text, name):
    findings = inspect_text(json.dumps(INTENTS[name], indent=1))
    assert classes(findings) == ALL
    assert {text for text, _ in findings.rows} <= set(TEXTS)


@pytest.mark.parametrize(
    "data",
    [
        json.dumps(TASKS),
        json.dumps([task(i, t, "pay") | {"annotations": []} for i, t in enumerate(TEXTS)]),
        lines({"id": i, "text": t, "label": []} for i, t in enumerate(TEXTS)),
        lines({"id": i, "text": t, "label": [[0, 2, "X"]]} for i, t in enumerate(TEXTS)),
        lines(answer(i, t, "pay", "ignore") for i, t in enumerate(TEXTS)),
        "".join(f"__label__pay __label__find {t}\n" for t in TEXTS),
        json.dumps({"data": ITEMS}),
        json.dumps(TEXTS),
        json.dumps(INTENTS["utterances"]),
    ],
    ids=range(9),
)
def test_texts_without_labels_are_predicted(tmp_path, data):
    (tmp_path / "a.json").write_text(data)
    source = Sentences(tmp_path / "a.json", "a.json", Limits())
    assert [item.value for item in source.items(0)] == TEXTS


def argilla_row(text, label, status="submitted"):
    guess = other(label)
    return f'pending,"{text}","[\'{label}\']","[\'u1\']","[\'{status}\']",{guess}\n'


ARGILLA_HEADER = "status,note,wish.responses,wish.responses.users,wish.responses.status,wish.suggestion\n"


@pytest.mark.parametrize("answered", [COUNT, COUNT - 3])
def test_the_answer_in_a_csv_of_argilla_counts_more_than_the_suggestion(inspect_text, answered):
    rows = [argilla_row(*row) for row in ROWS[:answered]]
    rows += [f'pending,"{text}",,,,{other(label)}\n' for text, label in ROWS[answered:]]
    findings = inspect_text(ARGILLA_HEADER + "".join(rows))
    assert sum(classes(findings).values()) == answered
    assert dict(findings.rows) == {text: dict(ROWS)[text] for text, _ in findings.rows}
    assert (findings.input_column, findings.label_column) == ("note", "wish")


def test_discarded_answers_in_a_csv_of_argilla_do_not_count(inspect_text):
    rows = [argilla_row(*row, "discarded" if i < 3 else "submitted") for i, row in enumerate(ROWS)]
    findings = inspect_text(ARGILLA_HEADER + "".join(rows))
    assert sum(classes(findings).values()) == COUNT - 3
