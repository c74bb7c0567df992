"""The browser's modules: found under hashed names, asked for at once, apart by kind."""

import re
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.template import Context, Template

from flashsite.static_modules import IMPORT, ModuleStorage, imports

ROOT = Path(finders.find("flash") or "")
MODULES = sorted(path.relative_to(ROOT.parent).as_posix() for path in ROOT.rglob("*.js"))
TEMPLATES = Path(__file__).parents[2] / "templates"


@pytest.fixture(scope="module")
def collected(tmp_path_factory: pytest.TempPathFactory) -> ModuleStorage:
    """All static files as production serves them."""
    storage = ModuleStorage(location=tmp_path_factory.mktemp("static"), base_url="/static/")
    found = {name: (source, name) for finder in finders.get_finders() for name, source in finder.list([])}
    for name, (source, path) in found.items():
        with source.open(path) as file:
            storage.save(name, file)
    for name, _, processed in storage.post_process(found):
        assert not isinstance(processed, Exception), (name, processed)
    return storage


def test_every_import_names_the_hashed_file_that_is_there(collected: ModuleStorage) -> None:
    named = 0
    for name in MODULES:
        hashed = Path(collected.path(collected.stored_name(name)))
        wanted = [collected.stored_name(one) for one in imports(name)]
        for match in re.finditer(IMPORT, hashed.read_text()):
            target = (hashed.parent / match["url"]).resolve()
            assert target.is_file(), (name, match["url"])
            assert target.relative_to(collected.location).as_posix() in wanted
            named += 1
    assert named > 20


FORMS = """import "./a.js";
import {
  x,
  y,
} from "../b.js";
export * from "./c.js";
import * as d from "./d.js"
const path = "./none.js";
export const where = "./none.js";
// import "./none.js"
export function go() { return "./none.js"; }
"""


def test_an_import_is_recognised_however_it_is_written() -> None:
    found = [match["url"] for match in re.finditer(IMPORT, FORMS)]
    assert found == ["./a.js", "../b.js", "./c.js", "./d.js"]


def test_a_module_is_asked_for_with_all_that_it_imports() -> None:
    html = Template("{% load modules %}{% module 'flash/kinds/pictures/builder.js' %}").render(Context())
    preloaded = re.findall(r'<link rel="modulepreload" href="/static/([^"]+)">', html)
    assert {"flash/upload.js", "flash/pieces.js", "flash/kinds/pictures/zip.js"} <= set(preloaded)
    assert len(preloaded) == len(set(preloaded))
    assert html.endswith('<script type="module" src="/static/flash/kinds/pictures/builder.js"></script>')


def test_a_module_that_is_not_there_is_refused() -> None:
    with pytest.raises(FileNotFoundError, match="no_such"):
        imports("flash/no_such.js")


def test_every_module_is_used_by_a_page() -> None:
    pages = "".join(path.read_text() for path in TEMPLATES.rglob("*.html"))
    loaded = set(re.findall(r"{% module '([^']+)' %}", pages))
    assert loaded.union(*(imports(name) for name in loaded)) == set(MODULES)


@pytest.mark.parametrize("name", [name for name in MODULES if not name.startswith("flash/kinds/")])
def test_what_all_pages_share_knows_no_kind(name: str) -> None:
    words = (ROOT.parent / name).read_text()
    assert not re.search(r"(image|text)classification|is_image|kinds/|window\.flash", words)
