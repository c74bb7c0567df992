"""Which names are taken, by the same rule as is published, and what becomes of them where they go."""

import json
import re
import zipfile
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from modelstore.bundles.model_card import model_card
from modelstore.ground import naming
from tests.modelstore.conftest import Publish
from tests.names import GOOD_NAMES, NASTY_NAMES
from tests.site.page import Page

NAMES = [*GOOD_NAMES, *NASTY_NAMES]


@pytest.mark.parametrize("name", NAMES)
def test_what_people_write_is_taken_and_kept(name: str) -> None:
    assert naming.problem(name) is None
    assert naming.tidy(f" {name} ") == name


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("", "Give the task a name"),
        (" \u200b\u00a0", "Give the task a name"),
        ("a" * 101, "at most 100 characters; this name has 101"),
        ("a\nb\tc", "found: U+000A, U+0009."),
        ("a\x85", "U+0085"),
        ("a\u2028b", "U+2028"),
        ("\u202eexe.txt", "U+202E"),
        ("\udc80", "U+DC80"),
        ("e\u0301" * 60, "at most 100 characters; this name has 120"),
    ],
)
def test_what_nobody_means_is_refused_with_a_sentence(name: str, words: str) -> None:
    sentence = naming.problem(name)
    assert sentence is not None and words in sentence and sentence.endswith(".")


@given(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=120)
    | st.text(alphabet="a \n\u200b\u202e\x00é")
)
def test_the_published_pattern_is_the_one_that_is_enforced(name: str) -> None:
    published = re.search(naming.PATTERN, name) is not None and not name.endswith("\n")
    fits = published and max(len(name), len(naming.tidy(name))) <= naming.MAX_LENGTH
    assert (naming.problem(name) is None) == fits


@pytest.mark.parametrize(
    ("stem", "name"),
    [
        ("Kätzchen_1", "Kätzchen 1"),
        ("Ha\u0308user", "Häuser"),
        ("a\nb\u202e", "a b"),
        ("\x07", ""),
        ("x" * 300, "x" * 100),
    ],
)
def test_a_file_names_its_task(stem: str, name: str) -> None:
    assert naming.from_file(stem) == name
    assert not name or naming.problem(name) is None


@pytest.mark.parametrize("name", NAMES)
def test_a_file_name_is_safe_on_every_system(name: str) -> None:
    stem = naming.file_stem(name)
    assert re.fullmatch(r"[a-z0-9_-]{1,60}", stem)


@pytest.mark.parametrize(
    ("name", "stem"),
    [
        ("Häuser", "hauser"),
        ("Kätzchen_1", "katzchen_1"),
        ("Tickets: EN & DE", "tickets-en-de"),
        ("猫と犬", "model"),
    ],
)
def test_a_file_name_tells_of_the_task(name: str, stem: str) -> None:
    assert naming.file_stem(name) == stem


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("Tickets: EN & DE", "Tickets: EN & DE"),
        ("คลาส ที่ 1", "คลาส ที่ 1"),
        (
            "win at https://evil.example/?a=1 me@evil.example",
            "win at https: evil example a 1 me evil example",
        ),
        ("evil。example", "evil example"),
        ("???", "Your task"),
    ],
)
def test_a_mail_holds_no_link_of_a_strangers(name: str, told: str) -> None:
    assert naming.for_mail(name) == told


@pytest.mark.parametrize("name", NAMES)
def test_pages_show_it_as_words(client: Client, publish: Publish, name: str) -> None:
    model = publish("text", task_name=name)
    for address in ("model", "model-delete"):
        page = Page(client.get(reverse(address, args=[model.token])).content.decode())
        assert " ".join(name.split()) in page.text
        assert page.rule_breaks() == []


@pytest.mark.parametrize("name", NAMES)
def test_a_download_has_a_header_that_says_one_thing(client: Client, publish: Publish, name: str) -> None:
    model = publish("text", task_name=name)
    answer = client.get(reverse("api:model-download", args=[model.token]), {"format": "onnx"})
    answer.close()
    header = answer.headers["Content-Disposition"]
    assert header.isascii()
    assert re.fullmatch(r'attachment; filename="[a-z0-9_.-]+"', header), header


@pytest.mark.parametrize("name", NAMES)
def test_a_bundle_says_the_name_and_hides_nothing_in_it(client: Client, publish: Publish, name: str) -> None:
    model = publish("text", task_name=name)
    answer: Any = client.get(reverse("api:model-download", args=[model.token]), {"format": "bundle"})
    with zipfile.ZipFile(BytesIO(answer.getvalue())) as bundle:
        for entry in bundle.namelist():
            assert ".." not in Path(entry).parts and not entry.startswith("/")
        facts = bundle.read(next(entry for entry in bundle.namelist() if entry.endswith("facts.js"))).decode()
    assert json.loads(facts.removeprefix("window.FLASH_FACTS = ").rstrip(";\n"))["task_name"] == name


def test_a_model_card_is_no_markup(publish: Publish) -> None:
    model = publish("text", task_name="[a](javascript:x) `b` <i> | ~~c~~ &lt; EN & DE")
    title = model_card(model).splitlines()[0]
    assert title == r"# \[a\](javascript:x) \`b\` \<i\> \| \~\~c\~\~ \&lt; EN & DE"


@pytest.mark.parametrize(
    ("name", "taken"), [("Tickets: EN & DE", True), ("a\u202eb", False), ("x" * 101, False)]
)
def test_an_operator_renames_a_model_by_the_same_rule(
    client: Client, publish: Publish, name: str, taken: bool
) -> None:
    client.force_login(User.objects.create_superuser("operator"))
    model = publish("text", task_name="before")
    answer = client.post(
        reverse("admin:modelstore_trainedmodel_change", args=[model.pk]),
        {"task_name": name, "downloadable": "on"},
    )
    model.refresh_from_db()
    assert (answer.status_code, model.task_name) == ((302, name) if taken else (200, "before"))


def test_an_old_name_does_not_keep_an_operator_from_the_rest(client: Client, publish: Publish) -> None:
    client.force_login(User.objects.create_superuser("operator"))
    model = publish("text", task_name="x" * 150)
    fields = {"task_name": "x" * 150, "pinned": "on"}
    assert (
        client.post(reverse("admin:modelstore_trainedmodel_change", args=[model.pk]), fields).status_code
        == 302
    )
    model.refresh_from_db()
    assert model.pinned
