import bz2
import gzip
import io
import json
import lzma

import pyarrow as pa
import pytest
from pyarrow import ipc, parquet

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
    csv_of,
    lines,
    repairs,
    tarred,
    zipped,
)  # fmt: skip
from training.ground.limits import Limits

TRAIN, TEST = ROWS[:21], ROWS[21:]
CODES = [LABELS.index(label) for _, label in ROWS]
CARD = (
    "---\ndataset_info:\n  features:\n  - name: label\n    dtype:\n      class_label:\n        names:\n"
    + "".join(f"          '{i}': {label}\n" for i, label in enumerate(LABELS))
)
INFO = {"features": {"label": {"_type": "ClassLabel", "names": list(LABELS)}}}


def coded(rows):
    return lines({"text": text, "label": LABELS.index(label)} for text, label in rows)


def as_parquet(rows):
    buffer = io.BytesIO()
    parquet.write_table(pa.table({"text": [t for t, _ in rows], "label": [k for _, k in rows]}), buffer)
    return buffer.getvalue()


def as_stream(rows):
    buffer = io.BytesIO()
    table = pa.table({"text": [t for t, _ in rows], "label": [k for _, k in rows]})
    with ipc.new_stream(buffer, table.schema) as target:
        target.write_table(table)
    return buffer.getvalue()


PARTS = {
    "tables": {"train.csv": csv_of(TRAIN), "test.csv": csv_of(TEST)},
    "a folder, a readme": {"d/train.csv": csv_of(TRAIN), "d/dev.csv": csv_of(TEST), "d/README.md": "# hello"},
    "folders": {"d/training/a.jsonl": lines(ITEMS[:21]), "d/validation/a.jsonl": lines(ITEMS[21:])},
    "shards": {
        "data/train-00000-of-00002.parquet": as_parquet(ROWS[:9]),
        "data/train-00001-of-00002.parquet": as_parquet(ROWS[9:21]),
        "data/test-00000-of-00001.parquet": as_parquet(TEST),
    },
    "saved to a disk": {
        "dataset_dict.json": '{"splits": ["train", "test"]}',
        "train/data-00000-of-00001.arrow": as_stream(TRAIN), "train/state.json": "{}",
        "test/data-00000-of-00001.arrow": as_stream(TEST), "test/state.json": "{}",
    },
    "named by a card": {"r/train.jsonl": coded(TRAIN), "r/test.jsonl": coded(TEST), "r/README.md": CARD + "---\n# x"},
    "named by infos": {
        "train.jsonl": coded(TRAIN), "test.jsonl": coded(TEST), "dataset_infos.json": json.dumps({"default": INFO}),
    },
    "named by a list": {
        "train.csv": "".join(f'"{LABELS.index(k) + 1}","{t}"\n' for t, k in TRAIN),
        "test.csv": "".join(f'"{LABELS.index(k) + 1}","{t}"\n' for t, k in TEST), "classes.txt": "\n".join(LABELS),
    },
    "fastText": {
        "train.txt": "".join(f"__label__{k} {t}\n" for t, k in TRAIN),
        "test.txt": "".join(f"__label__{k} {t}\n" for t, k in TEST),
    },
    "documents": {f"news-{'train' if i < 21 else 'test'}/{k}/{i}": t for i, (t, k) in enumerate(ROWS)},
    "parts below classes": {f"{k}/{'train' if i < 21 else 'test'}/{i}.txt": t for i, (t, k) in enumerate(ROWS)},
    "packed tables": {
        "train.csv.gz": gzip.compress(csv_of(TRAIN).encode()), "test.csv.gz": gzip.compress(csv_of(TEST).encode()),
    },
}  # fmt: skip


@pytest.mark.parametrize("name", PARTS)
def test_parts_of_a_dataset_are_joined_and_kept(inspect_text, name):
    findings = inspect_text(zipped(PARTS[name]))
    assert classes(findings) == ALL
    assert "kept" in repairs(findings)


WHOLE = {
    "months": {"may.csv": csv_of(TRAIN), "june.csv": csv_of(TEST)},
    "a file of lines per class": {f"{label}.txt": "\n".join(texts) for label, texts in by_label().items()},
    "a table per class": {f"{label}.csv": "text\n" + "\n".join(texts) for label, texts in by_label().items()},
    "folders of texts": {f"desk/{label}/{i}.txt": text for i, (text, label) in enumerate(ROWS)} | {"desk/README": "x"},
    "a part that is the only one": {f"train/{label}/{i}.txt": text for i, (text, label) in enumerate(ROWS)},
    "an agent": {
        "agent.json": "{}",
        **{
            f"intents/{k}_usersays_en.json": json.dumps([{"data": [{"text": t}]} for t in v])
            for k, v in by_label().items()
        },
        **{f"intents/{k}.json": json.dumps({"name": k, "responses": [{"speech": "as you like"}]}) for k in LABELS},
    },
    "a file per record": {f"{i}.json": json.dumps(item) for i, item in enumerate(ITEMS)},
    "files of one name": {
        name: data for i, (t, k) in enumerate(ROWS) for name, data in ((f"s/{i:04}.txt", t), (f"s/{i:04}.cls", k))
    },
    "Parquet alone": {"my-main/README.md": "# x", "my-main/data/train-00000-of-00001.parquet": as_parquet(ROWS)},
    "a bot": {
        "domain.yml": "intents:\n- pay\n",
        "data/nlu.yml": "nlu:\n" + "".join(
            f"- intent: {k}\n  examples: |\n" + "".join(f"    - {t}\n" for t in v) for k, v in by_label().items()
        ),
    },
}  # fmt: skip


@pytest.mark.parametrize("name", WHOLE)
def test_files_that_belong_together_are_one_table(inspect_text, name):
    findings = inspect_text(zipped(WHOLE[name]))
    assert classes(findings) == ALL
    assert {text for text, _ in findings.rows} <= set(TEXTS)


@pytest.mark.parametrize("name", ["folders of texts", "files of one name"])
@pytest.mark.parametrize("mode", ["w", "w:gz"])
def test_a_tar_is_as_good_as_a_zip(inspect_text, name, mode):
    assert classes(inspect_text(tarred(WHOLE[name], mode))) == ALL


def test_a_class_may_be_called_train(inspect_text):
    files = {f"{('bus', 'train')[i % 2]}/{i}.txt": text for i, text in enumerate(TEXTS)}
    assert classes(inspect_text(zipped(files))) == {"bus": 15, "train": 15}


def test_a_folder_that_says_it_has_no_labels_is_no_class(inspect_text):
    files = {f"train/{('pos', 'neg', 'unsup')[i % 3]}/{i}.txt": text for i, text in enumerate(TEXTS)}
    findings = inspect_text(zipped(files))
    assert classes(findings) == {"pos": 10, "neg": 10}
    assert findings.skipped_count == 10


def test_a_test_without_labels_is_told_and_not_used(inspect_text):
    files = {
        "train.csv": csv_of(ROWS),
        "test.csv": "id,text\n1,what of this\n",
        "sample_submission.csv": "id,label\n1,pay\n",
    }
    findings = inspect_text(zipped(files))
    assert classes(findings) == ALL
    assert any(note.where == "test.csv" and "Not used" in note.message for note in findings.warnings)


def test_rows_of_a_second_file_can_be_found(inspect_text):
    findings = inspect_text(zipped({"may.csv": csv_of(TRAIN), "june.csv": csv_of(TEST) + "no label here,\n"}))
    assert findings.skipped[0].where == "Row 33"
    assert "june.csv: Its rows are counted from 23 to 33." in repairs(findings)


def test_texts_without_folders_are_asked_for_them(inspect_text, refusal_of):
    refusal = refusal_of(inspect_text, zipped({f"{i}.txt": text for i, text in enumerate(TEXTS)}))
    assert refusal.code == "no_classes"
    assert "one folder per class" in refusal.detail


@pytest.mark.parametrize(
    "pack", [gzip.compress, bz2.compress, lzma.compress, lambda data: pa.compress(data, "zstd", asbytes=True)]
)
def test_a_packed_table_is_unpacked(inspect_text, pack):
    findings = inspect_text(pack(csv_of(ROWS).encode()))
    assert classes(findings) == ALL
    assert "unpacked" in repairs(findings)


@pytest.mark.parametrize("keep", [0.2, 0.7, -2])
def test_a_damaged_packed_table_is_refused(inspect_text, refusal_of, keep):
    data = gzip.compress(csv_of(ROWS).encode())
    assert refusal_of(inspect_text, data[: keep if keep < 0 else int(len(data) * keep)]).status == 400


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress])
def test_a_packed_table_that_grows_without_end_is_refused(inspect_text, refusal_of, pack):
    data = pack(b"text,label\n" + b"a," * 20_000_000)
    assert refusal_of(inspect_text, data, Limits(max_unpacked_bytes=5_000_000)).status == 413


def test_a_tar_that_climbs_or_links_is_harmless(inspect_text, refusal_of):
    data = tarred({"../../evil/1.txt": "x", "b/2.txt": "y"})
    assert refusal_of(inspect_text, data).status == 422


@pytest.mark.parametrize("name", [*WHOLE, "documents", "tables", "shards"])
def test_files_of_several_texts_are_predicted(tmp_path, name):
    (tmp_path / "a.zip").write_bytes(zipped(WHOLE.get(name) or PARTS[name]))
    source = Sentences(tmp_path / "a.zip", "a.zip", Limits())
    assert sorted(item.value for item in source.items(0)) == sorted(TEXTS)
    assert source.total == COUNT
