#!/bin/sh
# Hugging Face datasets 5.2.0 with pyarrow 25.0.1, seen on 28 November 2026.
#
# Dataset.save_to_disk names its data files *.arrow, the suffix that the Arrow project gives to its file format ("ARROW1" in
# front, a footer at the end). What lies in them is the *stream* format, for which that suffix is .arrows: pyarrow.ipc.open_file refuses
# them ("Not an Arrow file"), pyarrow.ipc.open_stream reads them. Whoever goes by the suffix, or by the magic bytes, does not recognise them.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check datasets==5.2.0 pyarrow==25.0.1
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
import pathlib

import datasets
import pyarrow

datasets.Dataset.from_dict({"text": ["good", "bad"], "label": [1, 0]}).save_to_disk("saved")
(path,) = pathlib.Path("saved").glob("*.arrow")
print(f"{path.name} begins with {path.read_bytes()[:6]!r}")
try:
    pyarrow.ipc.open_file(path)
except pyarrow.ArrowInvalid as error:
    print(f"open_file: {error}")
else:
    raise SystemExit("changed: it is an Arrow file now")
with pyarrow.OSFile(str(path)) as source:
    print(f"open_stream: {pyarrow.ipc.open_stream(source).read_all().num_rows} rows")
PYTHON
