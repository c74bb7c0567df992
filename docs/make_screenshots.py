"""Takes pictures of every page of a running site: light and dark, on a desk and on a phone.

    make up &
    .venv/bin/python docs/make_screenshots.py http://localhost:8000 docs/images [--operator NAME:PASSWORD] [--only job]

Trains the project's own samples first, so that there is something to see; takes a few minutes. Each page becomes
NAME.webp, NAME-dark.webp, NAME-phone.webp and NAME-phone-dark.webp. Look at them before you commit them.
"""

import argparse
import io
import shutil
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import av
from PIL import Image
from playwright.sync_api import BrowserContext, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "clients" / "python")]

from flash_client import Flash  # noqa: E402

from training.kinds import kinds_taking  # noqa: E402

_SAMPLES = ROOT / "flashsite" / "samples"
_TEXT, _IMAGE = (kinds_taking(suffix)[0].task for suffix in (".csv", ".zip"))
_DESK, _PHONE = (1280, 800), (390, 844)
# What is taller is cut: a page of the API is twenty screens.
_MOST_PIXELS_HIGH = 3200


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("site")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--operator", metavar="NAME:PASSWORD", help="an account of the admin, for its pages")
    parser.add_argument("--only", action="append", default=[], help="pages whose name begins so")
    chosen = parser.parse_args()
    chosen.folder.mkdir(parents=True, exist_ok=True)
    pages = [
        (name, path)
        for name, path in _pages(Flash(chosen.site, patience=300), admin=bool(chosen.operator))
        if not chosen.only or any(name.startswith(word) for word in chosen.only)
    ]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        for (ending, size), scheme in product((("", _DESK), ("-phone", _PHONE)), ("light", "dark")):
            context = browser.new_context(
                viewport={"width": size[0], "height": size[1]}, color_scheme=scheme, reduced_motion="reduce"
            )
            if chosen.operator:
                _sign_in(context, chosen.site, *chosen.operator.split(":", 1))
            for name, path in pages:
                file = chosen.folder / f"{name}{ending}{'-dark' if scheme == 'dark' else ''}.webp"
                _take(context, chosen.site + path, file, size)
            context.close()
        browser.close()


def _pages(flash: Flash, *, admin: bool) -> Iterator[tuple[str, str]]:
    """Name and path of each page, with jobs behind them that were made for it."""
    messages, shapes = _SAMPLES / "messages.csv", _SAMPLES / "shapes.zip"
    text = flash.train(messages, task_type=_TEXT, task_name="messages")
    image = flash.train(shapes, task_type=_IMAGE, task_name="shapes")
    checked = [
        flash.check(file, task_type=task)["token"] for file, task in ((shapes, _IMAGE), (messages, _TEXT))
    ]
    for job in (text, image):
        print(flash.wait(job["token"])["status"], job["task_name"], flush=True)
    # Two more that are seen on their way: one trains, one waits.
    long = {"task_type": _TEXT, "model": "lstm", "epochs": 150, "early_stopping": 150}
    running, waiting = (flash.train(messages, task_name=name, **long) for name in ("long messages", "later"))
    _wait(flash, running)
    yield from (
        ("home", "/"), ("new", "/new/"), ("new-image", "/new/image/"), ("new-text", "/new/text/"),
        ("find", "/find/"), ("recent", "/recent/"), ("help", "/about/"), ("api", "/api/v1/docs/"),
    )  # fmt: skip
    yield from (("dataset-image", f"/datasets/{checked[0]}/"), ("dataset-text", f"/datasets/{checked[1]}/"))
    yield from (("job", f"/jobs/{running['token']}/"), ("job-waiting", f"/jobs/{waiting['token']}/"))
    yield "job-done", f"/jobs/{text['token']}/"
    yield from (("model-text", f"/models/{text['token']}/"), ("model-image", f"/models/{image['token']}/"))
    yield "model-examples", f"/models/{image['token']}/examples/?truth=0&predicted=0"
    yield "model-delete", f"/models/{text['token']}/delete/"
    yield from _files(flash, image["token"], text["token"])
    yield "not-found", "/models/nothing/"
    if admin:
        yield from (
            ("admin", "/admin/"), ("admin-jobs", "/admin/jobs/job/"),
            ("admin-models", "/admin/modelstore/trainedmodel/"), ("admin-key", "/admin/modelstore/apikey/add/"),
            ("admin-status", "/admin/jobs/platformstatus/1/change/"),
            ("admin-policy", "/admin/modelstore/cleanuppolicy/1/change/"),
        )  # fmt: skip


def _files(flash: Flash, image: str, text: str) -> Iterator[tuple[str, str]]:
    """The pages of whole files, and of the camera."""
    with tempfile.TemporaryDirectory() as temporary:
        film, out = Path(temporary) / "shapes on a table.mp4", Path(temporary) / "out.csv"
        _film(film)
        done = {
            "batch-pictures": (image, flash.predict_file(image, _SAMPLES / "shapes.zip", out)),
            "batch-video": (image, flash.predict_file(image, film, out)),
            "batch-text": (text, flash.predict_file(text, _SAMPLES / "messages.csv", out)),
        }
        measured = {
            "evaluation-text": (text, flash.evaluate(text, _SAMPLES / "messages.csv")),
            "evaluation-pictures": (image, flash.evaluate(image, _SAMPLES / "shapes.zip")),
        }
    yield from (("batch-new", f"/models/{image}/batches/"), ("camera", f"/models/{image}/camera/"))
    for name, (model, batch) in done.items():
        yield name, f"/models/{model}/batches/{batch['token']}/"
    yield "evaluation-new", f"/models/{text}/evaluations/"
    for name, (model, row) in measured.items():
        yield name, f"/models/{model}/evaluations/{row['token']}/"


def _film(path: Path) -> None:
    """A film of the samples: a few pictures of a class, then some of the next."""
    with zipfile.ZipFile(_SAMPLES / "shapes.zip") as pictures, av.open(path, "w") as film:
        stream: Any = film.add_stream("mpeg4", rate=2)
        stream.width = stream.height = 128
        stream.pix_fmt = "yuv420p"
        for name in [name for name in sorted(pictures.namelist()) if int(Path(name).stem.split("-")[1]) <= 8]:
            with Image.open(io.BytesIO(pictures.read(name))) as picture:
                shown = picture.convert("RGB").resize((128, 128))
            for _ in range(4):
                film.mux(stream.encode(av.VideoFrame.from_image(shown)))
        film.mux(stream.encode())


def _wait(flash: Flash, job: dict[str, Any]) -> None:
    """Until there are curves to see."""

    def seen(now: dict[str, Any]) -> None:
        if len(now["epochs"]) >= 6:
            raise StopIteration

    try:
        flash.wait(job["token"], on_progress=seen, poll=0.3)
    except StopIteration:
        return


def _sign_in(context: BrowserContext, site: str, name: str, password: str) -> None:
    page = context.new_page()
    page.goto(f"{site}/admin/login/")
    page.fill("#id_username", name)
    page.fill("#id_password", password)
    page.click("[type=submit]")
    page.close()


def _take(context: BrowserContext, address: str, file: Path, size: tuple[int, int]) -> None:
    page = context.new_page()
    page.on("console", lambda message: print(f"{file.stem}: console: {message.text}"))
    page.goto(address)
    page.wait_for_load_state("load")
    page.wait_for_timeout(400)
    height = page.evaluate("document.documentElement.scrollHeight")
    clip = {"x": 0, "y": 0, "width": size[0], "height": min(max(height, size[1]), _MOST_PIXELS_HIGH)}
    shot = page.screenshot(full_page=True, clip=clip)
    page.close()
    with Image.open(io.BytesIO(shot)) as picture:
        picture.convert("RGB").save(file, "WEBP", quality=82, method=6)
    print(f"{file} {file.stat().st_size / 1000:.0f} kB", flush=True)


if __name__ == "__main__":
    main()
