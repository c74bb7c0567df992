"""Handing over data in a real Chromium: every repair told, camera, clipboard, other columns, a broken connection."""

import io
import zipfile
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from jobs.models import Dataset, UploadSession
from tests.bundles import picture
from tests.site.conftest import PHONE, upload

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
TEXTS = ["I love it", "what a joy", "so fine", "it is bad", "awful", "no good"]
NO_CAMERA = (
    "navigator.mediaDevices.getUserMedia = async () => { throw new DOMException('', 'NotFoundError'); };"
)
PASTE = """async () => {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 20;
  const blob = await new Promise((resolve) => canvas.toBlob(resolve));
  const data = new DataTransfer();
  data.items.add(new File([blob], "image.png", {type: "image/png"}));
  dispatchEvent(new ClipboardEvent("paste", {clipboardData: data}));
}"""


def messy_zip() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for number in range(3):
            archive.writestr(f"my data/Cat/{number}.png", picture("red", size=(20 + number, 20)))
            archive.writestr(f"my data/cat/x{number}.png", picture("red", size=(30 + number, 20)))
            archive.writestr(f"my data/dog/{number}.png", picture("green", size=(20 + number, 20)))
        archive.writestr("my data/dog/torn.png", picture("green")[:40])
        archive.writestr("my data/notes.txt", "not a picture")
        archive.writestr("__MACOSX/my data/._notes.txt", "stray")
    return buffer.getvalue()


def rows(separator: str, header: str = "") -> str:
    lines = [f"{text}{separator}{'good' if number < 3 else 'bad'}" for number, text in enumerate(TEXTS)]
    return "\n".join([header, *lines] if header else lines) + "\n"


def understood(page: Page) -> str:
    page.get_by_role("button", name="Upload and check").click()
    expect(page.get_by_role("heading", name="What Flash understood")).to_be_visible()
    for details in page.locator("details").all():
        details.evaluate("element => { element.open = true; }")
    return page.locator("main").inner_text()


def test_a_messy_zip_is_repaired_and_every_repair_told(open_page: Any) -> None:
    page = open_page("new-kind", "image")
    page.set_input_files("#id_dataset", upload("messy.zip", messy_zip()))
    words = understood(page)
    for told in ("9 pictures in 2 classes", "itself was ignored", "combined", "torn.png", "notes.txt"):
        assert told in words, told
    with page.expect_download() as download:
        page.get_by_role("link", name="All of this as a CSV file").click()
    assert "torn.png" in download.value.path().read_text("utf-8-sig")


def test_a_chosen_folder_names_the_task(open_page: Any, tmp_path: Path) -> None:
    for label in ("red", "green"):
        (tmp_path / "my colours" / label).mkdir(parents=True)
        for number in range(3):
            (tmp_path / "my colours" / label / f"{number}.png").write_bytes(
                picture(label, size=(20 + number, 20))
            )
    page = open_page("new-kind", "image")
    page.set_input_files("[data-folder] input", tmp_path / "my colours")
    expect(page.locator("[data-sum]")).to_contain_text("2 classes")
    page.get_by_role("button", name="Check these pictures").click()
    expect(page.get_by_role("heading", name="What Flash understood")).to_be_visible()
    expect(page.get_by_label("Name of the task")).to_have_value("my colours")


def test_on_a_phone_nothing_lies_on_the_classes(open_page: Any) -> None:
    page = open_page("new-kind", "image", viewport=PHONE)
    bar = page.locator(".dock")
    for number in range(2):
        name = page.locator("[data-name]").nth(number)
        name.focus()
        field, below = name.bounding_box(), bar.bounding_box()
        assert field and below and field["y"] + field["height"] <= below["y"]
        assert field["y"] + field["height"] <= PHONE["height"]
    width = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert page.evaluate(width) == 0


def test_the_file_picker_stands_in_the_middle(open_page: Any) -> None:
    page = open_page("new-kind", "image")
    box, picker = (page.locator(one).bounding_box() for one in ("[data-drop]", "#id_dataset"))
    assert box and picker
    assert abs((box["x"] + box["width"] / 2) - (picker["x"] + picker["width"] / 2)) < 2


def test_a_table_sent_as_pictures_leads_to_sentences(open_page: Any) -> None:
    page = open_page("new-kind", "image")
    way = page.get_by_role("link", name="Go to Sentences")
    page.set_input_files("#id_dataset", upload("moods.zip", rows(",", "text,label").encode()))
    page.get_by_role("button", name="Upload and check").click()
    expect(page.locator("#problem")).to_contain_text('choose "Sentences" instead.')
    expect(way).to_be_visible()
    page.set_input_files("#id_dataset", upload("empty.zip", b""))
    page.get_by_role("button", name="Upload and check").click()
    expect(page.locator("#problem")).to_contain_text("The file is empty")
    expect(way).to_be_hidden()
    page.set_input_files("#id_dataset", upload("moods.zip", rows(",", "text,label").encode()))
    page.get_by_role("button", name="Upload and check").click()
    way.click()
    expect(page.get_by_role("heading", name="Your sentences")).to_be_visible()


def test_an_empty_file_is_told_before_it_is_sent(open_page: Any) -> None:
    page = open_page("new-kind", "image")
    page.set_input_files("#id_dataset", upload("empty.zip", b""))
    expect(page.locator("[data-hint]")).to_have_text("empty.zip, 0 bytes")
    page.set_input_files("#id_dataset", upload("small.zip", b"0" * 1536))
    expect(page.locator("[data-hint]")).to_have_text("small.zip, 1.5 KB")
    page.set_input_files("#id_dataset", upload("empty.zip", b""))
    page.get_by_role("button", name="Upload and check").click()
    expect(page.locator("#problem")).to_contain_text("The file is empty")
    expect(page.locator("#problem")).to_contain_text("empty.zip has no content")


@pytest.mark.parametrize(
    ("name", "data", "told"),
    [
        ("tabs.tsv", rows("\t", "review\tstars").encode("utf-16"), ["“review”", "utf-16", "tabs"]),
        ("latin.csv", rows(";", "text;label").replace("joy", "jöy").encode("cp1252"), ["semicolon", "jöy"]),
        ("bare.csv", rows(",").encode(), ["The first row looks like data"]),
        ("gaps.csv", (rows(",", "input,label") + ",good\n\nfine,\n").encode(), ["Left out: 2 rows"]),
        (
            "case.csv",
            rows(",", "input,label").replace("fine,good", "fine,Good").encode(),
            ["upper and lower"],
        ),
    ],
)
def test_an_odd_table_is_repaired_and_told(open_page: Any, name: str, data: bytes, told: list[str]) -> None:
    page = open_page("new-kind", "text")
    page.set_input_files("#id_dataset", upload(name, data, "text/csv"))
    words = understood(page)
    for expected in told:
        assert expected.strip("“”") in words, expected
    assert "6 sentences in 2 classes" in words


def test_a_dropped_file_is_taken(open_page: Any) -> None:
    page = open_page("new-kind", "text")
    page.evaluate(
        """(text) => {
          const data = new DataTransfer();
          data.items.add(new File([text], "moods.csv", {type: "text/csv"}));
          const drop = (kind) => document.body.dispatchEvent(new DragEvent(kind, {dataTransfer: data, bubbles: true}));
          ["dragenter", "dragover", "drop"].forEach(drop);
        }""",
        rows(",", "input,label"),
    )
    expect(page.locator("[data-hint]")).to_contain_text("moods.csv")
    assert "6 sentences in 2 classes" in understood(page)


def test_other_columns_are_chosen_without_another_upload(open_page: Any) -> None:
    page = open_page("new-kind", "text", viewport=PHONE)
    table = "label,group,text\n" + "".join(f"red {n},{n % 2},how nice {n}\n" for n in range(8))
    page.set_input_files("#id_dataset", upload("odd.csv", table.encode(), "text/csv"))
    page.get_by_role("button", name="Upload and check").click()
    expect(page.get_by_text("a label of its own")).to_be_visible()
    expect(page.get_by_role("cell", name="how nice 0")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    page.wait_for_load_state()  # a choice is read at once only where the page's script runs already
    page.get_by_label("Column with the class").select_option("group")
    expect(page.get_by_text("8 sentences in 2 classes")).to_be_visible()


def test_pictures_come_from_camera_and_clipboard(open_page: Any) -> None:
    page = open_page("new-kind", "image", viewport=PHONE, permissions=["camera"])
    cards = page.locator("[data-class]")
    for number, name in enumerate(("mug", "pen")):
        cards.nth(number).get_by_label("Name of the class").fill(name)
        cards.nth(number).get_by_role("button", name="Camera", exact=True).press("Enter")
        expect(page.get_by_role("heading", name=f"Pictures of {name}")).to_be_visible()
        take = page.get_by_role("button", name="Take a picture")
        expect(take).to_be_enabled()
        expect(page.locator("[data-camera-video]")).to_have_js_property("readyState", 4)
        for count in ("1 picture", "2 pictures"):
            take.press("Enter")
            expect(page.locator("[data-camera-count]")).to_have_text(count)
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
        page.keyboard.press("Escape")
        expect(cards.nth(number).get_by_role("button", name="Camera", exact=True)).to_be_focused()
    page.evaluate(PASTE)
    expect(page.locator("[data-sum]")).to_contain_text("pasted into pen")
    page.locator("[data-send]").click()
    expect(page.get_by_text("5 pictures in 2 classes")).to_be_visible()


def test_without_a_camera_it_says_so(open_page: Any) -> None:
    page = open_page("new-kind", "image", script=NO_CAMERA)
    page.get_by_role("button", name="Camera", exact=True).first.click()
    expect(page.get_by_role("alert").filter(has_text="No camera was found")).to_be_visible()
    expect(page.get_by_role("button", name="Take a picture")).to_be_disabled()
    page.get_by_role("button", name="Done").click()


def in_pieces(page: Page) -> None:
    page.locator("[data-upload]").evaluate("element => { element.dataset.pieces = 1; }")


def test_a_large_file_survives_a_broken_connection(open_page: Any) -> None:
    page = open_page("new-kind", "text")
    in_pieces(page)
    broken = []

    def break_once(route: Route) -> None:
        if route.request.method == "PATCH" and not broken:
            broken.append(route.request.url)
            route.abort()
        else:
            route.continue_()

    page.route("**/api/v1/uploads/**", break_once)
    page.set_input_files("#id_dataset", upload("moods.csv", rows(",", "input,label").encode(), "text/csv"))
    assert "6 sentences in 2 classes" in understood(page)
    assert broken
    assert Dataset.objects.get().name == "moods.csv"
    assert page.evaluate("localStorage.length") == 0


def test_a_closed_tab_goes_on_where_it_was(open_page: Any) -> None:
    page = open_page("new-kind", "text")
    in_pieces(page)
    page.route("**/complete/", lambda route: route.abort())
    data = upload("moods.csv", rows(",", "input,label").encode(), "text/csv")
    page.set_input_files("#id_dataset", data)
    page.get_by_role("button", name="Upload and check").click()
    expect(page.locator("[data-state]")).to_have_text("The connection was lost")
    before = UploadSession.objects.get().token_digest
    # The same file after a reload: the key is its name, size and date, and the date of a test's file is the present.
    page.unroute("**/complete/")
    page.reload()
    page.evaluate("""() => {
      const [key] = Object.keys(localStorage);
      Object.defineProperty(File.prototype, "lastModified", {get: () => Number(key.split(":").at(-1))});
    }""")
    in_pieces(page)
    page.set_input_files("#id_dataset", data)
    assert "6 sentences in 2 classes" in understood(page)
    assert UploadSession.objects.get().token_digest == before


def test_a_refused_piecewise_upload_is_told(open_page: Any) -> None:
    page = open_page("new-kind", "text")
    in_pieces(page)
    page.set_input_files("#id_dataset", upload("one.csv", b"input,label\na,x\nb,x\n", "text/csv"))
    page.get_by_role("button", name="Upload and check").click()
    expect(page.locator("#problem")).to_contain_text("only one class")
    assert page.evaluate("localStorage.length") == 0


def test_where_pieces_are_not_taken_the_form_is_used(open_page: Any) -> None:
    page = open_page("new-kind", "text")
    in_pieces(page)
    page.route("**/api/v1/uploads/", lambda route: route.fulfill(status=404, body="no"))
    page.set_input_files("#id_dataset", upload("moods.csv", rows(",", "input,label").encode(), "text/csv"))
    assert "6 sentences in 2 classes" in understood(page)
    assert not UploadSession.objects.exists()
