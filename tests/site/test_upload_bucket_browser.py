"""Large files from the browser into a bucket (moto); and past it, where the bucket lets no page in."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, Route

from jobs.models import Dataset, UploadSession
from jobs.resumable import bucket_parts, upload_sessions
from tests.site.conftest import table, upload
from tests.site.test_upload_browser import in_pieces, understood

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
# The live server keeps the policy of its start; that pages may reach the bucket is tested with the uploads.
TABLE = table(rows=[(f"sentence number {n}", "ab"[n % 2]) for n in range(40)])


@pytest.fixture
def bucket(s3: Any, s3_server: str, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The origin of the bucket; files go there in parts of 500 bytes."""
    import moto.s3.models

    settings.FLASH_DIRECT_UPLOADS = True
    monkeypatch.setattr(upload_sessions, "PIECE_BYTES", 500)
    monkeypatch.setattr(moto.s3.models, "S3_UPLOAD_PART_MIN_SIZE", 1)
    bucket_parts._client_for.cache_clear()
    yield s3_server
    bucket_parts._client().close()
    bucket_parts._client_for.cache_clear()


def choose(page: Page) -> None:
    in_pieces(page)
    page.set_input_files("#id_dataset", upload("numbers.csv", TABLE, "text/csv"))


def test_a_large_file_goes_straight_to_the_bucket(open_page: Any, bucket: str) -> None:
    page = open_page("new-kind", "text", bypass_csp=True)
    sent = []
    page.on("request", lambda request: sent.append((request.method, request.url)))
    choose(page)
    assert "40 sentences in 2 classes" in understood(page)
    assert sum(method == "PUT" and url.startswith(bucket) for method, url in sent) == -(-len(TABLE) // 500)
    assert not [url for method, url in sent if method == "PATCH"]
    assert UploadSession.objects.get().method == "parts"


def test_a_bucket_without_cors_is_passed_by(open_page: Any, bucket: str, s3: Any, settings: Any) -> None:
    page = open_page("new-kind", "text", bypass_csp=True)
    blocked = []

    def block(route: Route) -> None:
        # What a page sees of a refusal that does not name its origin.
        blocked.append(route.request.url)
        route.abort("failed")

    page.route(f"{bucket}/**", block)
    choose(page)
    assert "40 sentences in 2 classes" in understood(page)
    assert blocked
    assert UploadSession.objects.get().method == "offset"
    assert Dataset.objects.get().name == "numbers.csv"
    assert not s3.list_multipart_uploads(Bucket=settings.BUCKET).get("Uploads")
    assert page.evaluate("localStorage.length") == 0


def test_a_bucket_that_took_a_part_is_tried_again(open_page: Any, bucket: str) -> None:
    page = open_page("new-kind", "text", bypass_csp=True)
    broken: list[str] = []

    def break_some(route: Route) -> None:
        if re.search(r"partNumber=2\b", route.request.url) and len(broken) < 3:
            broken.append(route.request.url)
            route.abort("failed")
        else:
            route.continue_()

    page.route(f"{bucket}/**", break_some)
    # Waits between the tries double: no test should.
    page.evaluate("() => { const later = setTimeout; window.setTimeout = (call) => later(call, 10); }")
    choose(page)
    assert "40 sentences in 2 classes" in understood(page)
    assert len(broken) == 3
    assert UploadSession.objects.get().method == "parts"
