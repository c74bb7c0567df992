"""The page of a bundle, opened from the disk in a real Chromium, reads inputs as Python does and predicts alike."""

import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.test import Client
from django.urls import reverse
from PIL import Image
from playwright.sync_api import Browser, Page

from modelstore.bundles.standalone_files import FOLDER, web_files, write_files
from modelstore.prediction.predictor import predict
from tests.bundles import image_bundle, picture, text_bundle
from tests.modelstore.conftest import Publish, publish
from tests.training.datasets import sentences
from tests.training.tiny_encoder import TEXTS, tiny_classifier, unigram, write_encoder
from training.bundle.onnx_classifier import OnnxClassifier
from training.bundle.outside import spread
from training.export.in_pieces import serialized
from training.kinds.pictures.preprocess import PicturePreprocess
from training.kinds.sentences.encoders.graph import encoder_graph
from training.kinds.sentences.preprocess import TextPreprocess
from training.kinds.sentences.tokeniser import learn_pieces, learn_vocabulary

pytestmark = pytest.mark.browser
KINDS = FOLDER.parent / "kinds"
__all__ = ["publish"]
ODD = [
    "The Rain, FALLS on Ⅷ ﬁelds… don't!",
    "  tab\tand\u00a0blank\u3000wide\u200bzero ",
    "[PAD] in [UNK] the text",
    "ΟΔΟΣ İstanbul ẞ",
    "今天北京下大雨，rain 市场",
    "วันนี้ฝนตกที่ตลาด สวน",
    "😀 emoji 👩‍👩‍👧 $5+7^2`x`",
    "",
    "word " * 100,
    "a▁mark ▁in words▁",
    "constructor toString __proto__ valueOf",
]


@pytest.fixture
def tab(browser: Browser) -> Iterator[Page]:
    complaints: list[str] = []
    context = browser.new_context()
    page = context.new_page()
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda message: complaints.append(message.text))
    yield page
    context.close()
    assert complaints == []


def test_the_page_tokenises_and_scales_as_python_does(tab: Page, tmp_path: Path) -> None:
    tab.goto("about:blank")
    tab.add_script_tag(path=KINDS / "sentences" / "standalone" / "inputs.js")
    samples = {language: [text for text, _ in sentences(language)] for language in ("en", "zh", "th")}
    vocabularies = [learn_vocabulary(texts, 1000) for texts in samples.values()]
    for vocabulary in [*vocabularies, learn_pieces(samples["en"] * 20)]:
        ours = TextPreprocess(vocabulary.tokenizer_json, 20).ragged(ODD)
        theirs = tab.evaluate(
            "([json, texts]) => texts.map(window.FLASH_INPUTS.tokenizer(json, 20))",
            [json.loads(vocabulary.tokenizer_json), ODD],
        )
        assert theirs == ours
    write_encoder(tmp_path / "encoder")
    json_of_bert = (tmp_path / "encoder" / "tokenizer.json").read_text(encoding="utf-8")
    odder = [
        *ODD,
        "Crème BRÛLÉE",
        "a\x00b\ufffdc\x7fd\u200ee",
        "x" * 101,
        "𠀀𪜀𫝀𫠠𫤠",
        "[CLS] hi [SEP] there",
        "raining¿¡hills",
    ]
    theirs = tab.evaluate(
        "([json, texts]) => texts.map(window.FLASH_INPUTS.tokenizer(json, 20))",
        [json.loads(json_of_bert), odder],
    )
    assert theirs == TextPreprocess(json_of_bert, 20).ragged(odder)
    tab.add_script_tag(path=KINDS / "pictures" / "standalone" / "inputs.js")
    random = np.random.default_rng(1)
    for height, width, resize, crop in ((61, 90, 32, 32), (20, 17, 24, 16), (300, 200, 36, 32)):
        pixels = random.integers(0, 256, (height, width, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(tmp_path / "a.png")
        ours = PicturePreprocess(resize, crop).load(tmp_path / "a.png")
        side = min(width, height) * crop / resize
        left, top = (width - side) / 2, (height - side) / 2
        box = [max(left, 0), max(top, 0), min(left + side, width), min(top + side, height)]
        rgba = np.dstack([pixels, np.full((height, width), 255, np.uint8)])
        theirs = tab.evaluate(
            "([rgba, w, h, box, side]) => [...window.FLASH_INPUTS.resize(rgba, w, h, box, side)]",
            [rgba.ravel().tolist(), width, height, box, crop],
        )
        assert np.abs(np.array(theirs).reshape(crop, crop, 3) - ours.astype(int)).max() <= 1


def test_the_page_says_that_it_cannot_read_for_an_encoder_of_many_languages(tab: Page) -> None:
    tab.goto("about:blank")
    tab.add_script_tag(path=KINDS / "sentences" / "standalone" / "inputs.js")
    said = tab.evaluate(
        """json => {
            try { window.FLASH_INPUTS.reader({tokenizer: json, preprocess: {max_length: 20}}, null); }
            catch (error) { return error.message; }
        }""",
        json.loads(unigram(TEXTS).to_str()),
    )
    assert (
        said.startswith("This model reads sentences as an encoder of many languages does")
        and "predict.py" in said
    )


def test_opened_without_its_files_the_page_says_what_to_do(
    tab: Page, db: None, publish: Publish, tmp_path: Path
) -> None:
    _write_page(publish("text"), tmp_path)
    (tmp_path / "web" / "runtime.js").write_text("")
    tab.goto((tmp_path / "web" / "index.html").as_uri())
    assert "Unpack the whole zip" in tab.locator("#state").inner_text()


@pytest.mark.parametrize("kind", ["image", "text"])
def test_the_page_predicts_as_python_does(
    tab: Page, db: None, publish: Publish, tmp_path: Path, kind: str
) -> None:
    _write_page(publish(kind, manifest={"outside": {"threshold": 0.5}}), tmp_path)
    tab.goto((tmp_path / "web" / "index.html").as_uri())
    tab.wait_for_selector("#ask:not([hidden])", timeout=30_000)
    given: list[Any]
    if kind == "image":
        random = np.random.default_rng(2)
        given = [tmp_path / "a.png", tmp_path / "b.png"]
        for path in given:
            Image.fromarray(random.integers(0, 256, (50, 40, 3), dtype=np.uint8)).save(path)
        tab.set_input_files("input[type=file]", given)
        expected = OnnxClassifier(image_bundle(tmp_path / "x")).predict([path.read_bytes() for path in given])
    else:
        given = ["great fun", "the weather", "awful, boring!"]
        tab.fill("#text", "\n".join(given))
        tab.click("button")
        expected = OnnxClassifier(text_bundle(tmp_path / "x")).predict(given)
    answers = tab.locator("#answers > li:has(.label)")
    answers.nth(len(given) - 1).wait_for()
    for index, row in enumerate(expected):
        shown = answers.nth(index).locator(".bar meter").first.evaluate("meter => meter.value")
        assert shown == pytest.approx(float(row.max()), abs=0.01)
        told = answers.nth(index).get_by_text("This is probably none of the classes.").count()
        assert told == (spread(row[None])[0] > 0.5)


def test_the_page_reads_long_texts_by_windows(tab: Page, db: None, publish: Publish, tmp_path: Path) -> None:
    model = publish("text")
    path = tmp_path / "bundles" / "1" / "model.onnx"
    path.write_bytes(serialized(encoder_graph(tiny_classifier(vocabulary=8, classes=2, length=12, window=4))))
    _write_page(model, tmp_path)
    tab.goto((tmp_path / "web" / "index.html").as_uri())
    tab.wait_for_selector("#ask:not([hidden])", timeout=30_000)
    given = ["boring " * count + "awful terrible" for count in (1, 2, 3, 8, 30)]
    tab.fill("#text", "\n".join(given))
    tab.click("button")
    answers = tab.locator("#answers > li:has(.label)")
    answers.nth(len(given) - 1).wait_for()
    expected = OnnxClassifier(path.parent).predict(given)
    assert np.ptp(expected[:, 0]) > 0.02
    for index, row in enumerate(expected):
        shown = answers.nth(index).locator(".bar meter").first.evaluate("meter => meter.value")
        assert shown == pytest.approx(float(row.max()), abs=0.01)


@pytest.mark.parametrize(("kind", "format"), [("image", "bundle"), ("text", "web")])
def test_a_download_predicts_by_a_double_click_without_a_network(
    tab: Page, client: Client, publish: Publish, tmp_path: Path, kind: str, format: str
) -> None:
    model, folder = publish(kind), tmp_path / "with a space"
    answer: Any = client.get(reverse("api:model-download", args=[model.token]), {"format": format})
    with zipfile.ZipFile(io.BytesIO(answer.getvalue())) as archive:
        archive.extractall(folder)
    (page,) = folder.rglob("index.html")
    tab.context.set_offline(True)
    tab.goto(page.as_uri())
    tab.wait_for_selector("#ask:not([hidden])", timeout=30_000)
    if kind == "image":
        tab.set_input_files(
            "input[type=file]", {"name": "a.png", "mimeType": "image/png", "buffer": picture("red")}
        )
        (told,) = predict(model=model, inputs=[picture("red")])
    else:
        tab.fill("#text", "great fun")
        tab.click("button")
        (told,) = predict(model=model, inputs=["great fun"])
    tab.locator("#answers .label").wait_for()
    assert tab.locator("#answers .label").inner_text() == told.label
    shown = tab.locator("#answers meter").first.evaluate("meter => meter.value")
    assert shown == pytest.approx(told.probability, abs=0.01)


def _write_page(model: Any, folder: Path) -> None:
    stored = folder / "bundles" / "1"
    write_files(web_files(model, lambda name: (stored / name).open("rb")), folder / "web")
