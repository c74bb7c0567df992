"""Makes tests/upgrade/b32cf41: a small site by the code of that commit, for the test of the upgrade.

`git worktree add --detach OLD b32cf41`, then, with that commit's requirements installed:
`cd OLD && python …/tests/upgrade/make_site.py …/tests/upgrade/b32cf41`. It takes a minute, and needs no network.
"""

import io
import json
import os
import random
import shutil
import sqlite3
import sys
import tempfile
import zipfile
from contextlib import closing
from pathlib import Path
from typing import Any

WORDS = {"weather": ["rain", "sun", "snow", "wind"], "food": ["bread", "soup", "rice", "cake"]}
COLOURS = {"reds": (200, 40, 40), "blues": (40, 60, 200)}
SENTENCES = ["there is rain today", "soup and bread", "the wind and the cake", "nothing of that kind"]


def table(path: Path) -> Path:
    rows = ["input,label"]
    for number in range(40):
        rows += [
            f"today there is {words[number % 4]} and {words[number * 3 % 4]} {number},{label}"
            for label, words in WORDS.items()
        ]
    path.write_text("\n".join(rows) + "\n")
    return path


def picture(label: str, number: int) -> bytes:
    from PIL import Image

    noise = random.Random(f"{label}{number}")
    image = Image.new("RGB", (24, 24))
    image.putdata(
        [
            tuple(min(255, max(0, band + noise.randint(-25, 25))) for band in COLOURS[label])
            for _ in range(24 * 24)
        ]
    )
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


def pictures(path: Path) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for label in COLOURS:
            for number in range(16):
                archive.writestr(f"{label}/{number}.png", picture(label, number))
    return path


def called(*words: str) -> Any:
    from django.core.management import call_command

    out = io.StringIO()
    call_command(*words, stdout=out, stderr=io.StringIO())
    return json.loads(out.getvalue()) if "--json" in words else out.getvalue()


class Maker:
    """The site in its folder, and what it answered."""

    def __init__(self, work: Path) -> None:
        from django.test import Client

        self.work = work
        self.client = Client(HTTP_HOST="localhost")
        self.answers: dict[str, Any] = {"predictions": [], "json": {}, "pages": {}}

    def make(self) -> None:
        from django.contrib.auth.models import User

        from jobs import runner

        User.objects.create_superuser("operator", password=None)
        called("api_keys", "create", "importer", "--scope", "read", "--json")
        sentences = self._train(table(self.work / "small talk.csv"), "--keep-dataset")
        blobs = self._train(pictures(self.work / "blobs.zip"), "--preset", "quick")
        while runner.run_next():
            pass
        cancelled = self._train(self.work / "small talk.csv")
        called("jobs", cancelled, "--cancel", "--json")
        waiting = self._train(self.work / "small talk.csv")
        for token in (sentences, blobs):
            called("models", token, "--pin", "--json")
        self._predict(sentences, blobs)
        batch = self._batch(sentences)
        self._keep(sentences, blobs, cancelled, waiting, batch)

    def _train(self, path: Path, *more: str) -> str:
        return str(called("train", str(path), "--no-wait", "--seed", "1", "--json", *more)["token"])

    def _predict(self, sentences: str, blobs: str) -> None:
        for token, inputs in (
            (sentences, SENTENCES),
            (blobs, [_base64(picture(label, 90)) for label in COLOURS]),
        ):
            path = f"/api/v1/models/{token}/predict/"
            answer = self.client.post(path, {"inputs": inputs}, content_type="application/json")
            assert answer.status_code == 200, answer.content
            self.answers["predictions"].append({"path": path, "inputs": inputs, "answer": answer.json()})

    def _batch(self, token: str) -> str:
        from jobs.batches import runner

        upload = io.BytesIO("\n".join(["input", *SENTENCES]).encode())
        upload.name = "questions.csv"
        answer = self.client.post(f"/api/v1/models/{token}/batches/", {"file": upload})
        assert answer.status_code in (201, 202), answer.content
        assert runner.run_next()
        return f"{token}/batches/{answer.json()['token']}"

    def _keep(self, sentences: str, blobs: str, cancelled: str, waiting: str, batch: str) -> None:
        jobs = [f"jobs/{token}/" for token in (sentences, blobs, cancelled, waiting)]
        events = [f"{path}events/" for path in jobs]
        models = [f"models/{sentences}/", f"models/{blobs}/", f"models/{batch}/"]
        for path in [*jobs, *events, *models]:
            answer = self.client.get(f"/api/v1/{path}")
            assert answer.status_code == 200, (path, answer.content)
            self.answers["json"][f"/api/v1/{path}"] = answer.json()
        for path in [*jobs, *models, f"models/{sentences}/download/?format=onnx"]:
            answer = self.client.get(f"/{path}")
            self.answers["pages"][f"/{path}"] = answer.status_code
        results = self.client.get(f"/api/v1/models/{batch}/results/?format=csv")
        self.answers["results"] = {
            "path": f"/api/v1/models/{batch}/results/?format=csv",
            "csv": b"".join(results).decode(),
        }


def _base64(content: bytes) -> str:
    from base64 import b64encode

    return b64encode(content).decode()


def main() -> None:
    target = Path(sys.argv[1]).absolute()
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        os.environ |= {"FLASH_VAR_DIR": str(work / "var"), "DJANGO_SETTINGS_MODULE": "flashsite.settings"}
        sys.path.insert(0, str(Path.cwd()))
        import django

        django.setup()
        called("migrate", "--verbosity", "0")
        called("collectstatic", "--noinput", "--verbosity", "0")
        maker = Maker(work)
        maker.make()
        with closing(sqlite3.connect(work / "var" / "flash.sqlite3")) as database:
            (target / "rows.sql").write_text("\n".join(database.iterdump()) + "\n")
        shutil.copytree(work / "var" / "media", target / "media")
        (target / "answers.json").write_text(json.dumps(maker.answers, indent=1, sort_keys=True) + "\n")


if __name__ == "__main__":
    main()
