"""Whatever lies in a zip: a plan or a refusal, never another error; and no picture twice."""

import json
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from jobs.kinds.pictures.options import PictureOptions
from jobs.kinds.pictures.plan import plan_pictures
from jobs.uploads import UploadRefused
from jobs.uploads.archive import Archive
from jobs.uploads.findings import Notes
from jobs.uploads.name_encodings import guess_encoding
from tests.jobs.uploads.builders import write, zip_bytes
from training.ground.limits import Limits
from training.kinds.pictures import KIND

FOLDERS = st.sampled_from(
    ["train", "test", "val", "oak", "elm", "Oak", "images", "masks", "part1", "part2", "labels", "x", "é"]
)
STEMS = st.sampled_from(
    ["0", "1", "2", "oak_1", "elm_2", "a_aug1", "a", "a_mask", "IMG_1", "b_jpg.rf.0123456789"]
)
PATHS = st.lists(FOLDERS, max_size=4).flatmap(lambda parts: STEMS.map(lambda stem: "/".join([*parts, stem])))
LEAVES = st.one_of(
    st.none(), st.booleans(), st.integers(0, 3), st.sampled_from(["0.jpg", "1", "oak", "elm", "train", ""])
)
KEYS = st.sampled_from(
    ["images", "annotations", "categories", "items", "id", "file_name", "image_id", "category_id", "name", "label",
     "labels", "data", "result", "value", "choices", "shapes", "imagePath", "regions", "filename", "image", "path"]
)  # fmt: skip
DOCUMENTS = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=25,
)
ROWS = st.lists(
    st.lists(st.sampled_from(["id", "label", "0", "1", "0.jpg", "oak", "elm", "", "1.5", "a|b"]), max_size=4),
    max_size=8,
)
TABLE_NAMES = st.sampled_from(["l.csv", "train.txt", "data/l.tsv", "labels/0.txt", "classes.txt"])
JSON_NAMES = st.sampled_from(["a.json", "train/m.jsonl", "labels/0.json"])
OTHER_NAMES = st.sampled_from(["a.xml", "a.csv", "data.yaml", "a.parquet", "a.json"])
FILES = st.one_of(
    st.tuples(JSON_NAMES, DOCUMENTS.map(lambda document: json.dumps(document).encode())),
    st.tuples(TABLE_NAMES, ROWS.map(lambda rows: "\n".join(map(",".join, rows)).encode())),
    st.tuples(OTHER_NAMES, st.binary(max_size=60)),
)
OPTIONS = st.fixed_dictionaries(
    {},
    optional={
        "labels_from": st.sampled_from(
            ["folders", "subfolders", "file_names", "table l.csv", "table a.json"]
        ),
        "splits": st.sampled_from(["keep", "merge"]),
        "join_case": st.booleans(),
        "label_column": st.sampled_from(["label", "id", "oak"]),
    },
)


def check_refusal(refusal):
    assert refusal.status in (413, 415, 422)
    assert refusal.detail.isprintable()


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.lists(PATHS, min_size=1, max_size=14, unique=True), st.lists(FILES, max_size=3), OPTIONS)
def test_any_zip_has_a_plan_or_a_refusal(paths, files, options):
    content = {f"{path}.jpg": b"\xff\xd8\xff" + path.encode() for path in paths} | dict(files)
    with tempfile.TemporaryDirectory() as folder:
        path = write(Path(folder), zip_bytes(content))
        with Archive.open(path, Limits(), KIND) as archive:
            try:
                planned = plan_pictures(archive, Limits(), Notes(), PictureOptions.from_json(options))
            except UploadRefused as refusal:
                check_refusal(refusal)
                return
    assert len({id(picture.entry) for picture in planned}) == len(planned)
    assert all(picture.label and picture.split in ("", "train", "validation", "test") for picture in planned)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.lists(st.binary(min_size=1, max_size=30), max_size=8))
def test_any_names_have_an_encoding_that_reads_them(names):
    encoding = guess_encoding(names).encoding
    for name in names:
        for part in name.split(b"/"):
            part.decode(encoding)
