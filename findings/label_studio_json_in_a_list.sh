#!/bin/sh
# label-studio-sdk 2.1.2 (its converter), seen on 28 November 2026.
#
# Converter.convert(folder, out, "JSON") copies the tasks of a folder of JSON files into one result.json. Where a file of that folder is itself
# a list of tasks, as every JSON export of Label Studio is, the result is a list *of lists*: [[task, task]]. JSON_MIN and CSV of the
# same folder are flat. Whoever reads result.json as a list of tasks finds one element that is no task.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check label-studio-sdk==2.1.2
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
import json
import pathlib

from label_studio_sdk.converter import Converter

config = '<View><Text name="t" value="$text"/><Choices name="c" toName="t"><Choice value="a"/><Choice value="b"/></Choices></View>'


def task(number: int, choice: str) -> dict:
    chosen = {"id": "r", "from_name": "c", "to_name": "t", "type": "choices", "value": {"choices": [choice]}}
    return {"id": number, "data": {"text": f"text {number}"}, "annotations": [{"id": number, "result": [chosen]}]}


source = pathlib.Path("source")
source.mkdir()
(source / "export.json").write_text(json.dumps([task(1, "a"), task(2, "b")]))
for form in ("JSON", "JSON_MIN"):
    target = pathlib.Path(form)
    target.mkdir()
    Converter(config, str(target)).convert(str(source), str(target), form)
    found = json.loads((target / "result.json").read_text())
    print(f"{form}: a list of {len(found)}, the first is a {type(found[0]).__name__}")
    if isinstance(found[0], list) != (form == "JSON"):
        raise SystemExit("changed: the result has another form now")
PYTHON
