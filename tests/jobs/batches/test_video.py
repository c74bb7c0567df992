"""Videos: frames at regular moments, a timeline, and a sentence for what is no video."""

import io
import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.utils import timezone
from PIL import Image

from jobs.batches import runner, sweep
from jobs.batches.clock import clock
from jobs.kinds.pictures.video import Video
from jobs.models import BatchPrediction
from jobs.uploads import UploadRefused
from tests.bundles import picture
from tests.jobs.batches.test_lifecycle import die
from tests.jobs.batches.videos import sound, turned, video
from training.ground.limits import Limits

Finish = Callable[..., BatchPrediction]
RED_THEN_BLUE = [("red", 3.0), ("blue", 1.0)]


def results(batch: BatchPrediction) -> list[dict[str, Any]]:
    with default_storage.open(f"{batch.results_prefix}/results.jsonl") as file:
        return [json.loads(line) for line in file.read().decode().splitlines()]


@pytest.fixture
def frames(tmp_path: Path) -> Callable[..., list[Image.Image]]:
    """The frames that would be predicted."""

    def run(
        content: bytes, rate: float = 1.0, start: int = 0, limits: Limits | None = None
    ) -> list[Image.Image]:
        path = tmp_path / "video"
        path.write_bytes(content)
        items = Video(path, limits or Limits(), rate, tmp_path).items(start)
        return [Image.open(io.BytesIO(item.value)) for item in items if isinstance(item.value, bytes)]

    return run


def colour(image: Image.Image, x: int = 5, y: int = 5) -> str:
    pixel = image.convert("RGB").getpixel((x, y))
    assert isinstance(pixel, tuple)
    return ("red", "green", "blue")[pixel.index(max(pixel))]


@pytest.mark.parametrize(("container", "codec"), [("mov", "libx264"), ("webm", "libvpx"), ("avi", "mpeg4")])
def test_the_usual_kinds_of_video_are_read(frames: Any, container: str, codec: str) -> None:
    content = video(RED_THEN_BLUE, container=container, codec=codec)
    assert [colour(image) for image in frames(content)] == ["red"] * 3 + ["blue"]


@pytest.mark.django_db
def test_a_video_becomes_a_timeline(finish: Finish) -> None:
    batch = finish(video(RED_THEN_BLUE), "holiday", frames_per_second=2)
    assert (batch.status, batch.kind, batch.total, batch.bad) == ("done", "video", 8, 0), batch.error
    assert [(row["seconds"], row["time"], row["label"]) for row in results(batch)][5:7] == [
        (2.5, "0:02.5", "red"),
        (3.0, "0:03", "blue"),
    ]
    timeline = batch.summary
    assert (timeline["seconds"], timeline["warnings"]) == (4.0, [])
    assert [(row["label"], row["share"], row["spans"]) for row in timeline["labels"]] == [
        ("red", 0.75, [[0.0, 3.0]]),
        ("blue", 0.25, [[3.0, 4.0]]),
    ]
    assert timeline["minutes"] == [{"minute": 0, "shares": {"red": 0.75, "blue": 0.25}}]
    assert timeline["labels"][1]["frames"][0]["time"] == "0:03"
    assert timeline["labels"][1]["frames"][0]["image"].startswith("data:image/jpeg;base64,")


@pytest.mark.django_db
def test_a_dead_worker_s_frames_are_not_decoded_again(submit: Finish, settings: Any) -> None:
    batch = submit(video([("red", 2), ("blue", 2), ("green", 2)], rate=5), "a.mp4")
    before = [
        {"seconds": float(n), "time": f"0:0{n}", "label": "red", "probability": 0.1, "top": []}
        for n in range(3)
    ]
    die(batch, before)
    sweep.requeue_lost(timezone.now())
    assert runner.run_next()
    batch.refresh_from_db()
    assert [row["label"] for row in results(batch)] == ["red", "red", "red", "blue", "green", "green"]


def test_frames_are_those_on_screen_and_stand_upright(frames: Any) -> None:
    found = frames(video([("red|blue", 2)], size=(64, 32)))
    assert [(colour(image, 5), colour(image, 60)) for image in found] == [("red", "blue")] * 2
    upright = frames(turned(video([("red|blue", 1)], size=(64, 32))))[0]
    assert upright.size == (32, 64)
    assert (colour(upright, 16, 5), colour(upright, 16, 60)) == ("red", "blue")


@pytest.mark.parametrize("start", [0, 1, 7, 11])
def test_any_frame_is_the_same_when_one_goes_on_there(frames: Any, start: int) -> None:
    content = video([("red", 3), ("blue", 3)], rate=25)
    assert [colour(image) for image in frames(content, 2, start)] == (["red"] * 6 + ["blue"] * 6)[start:]


def test_a_video_cut_short_is_used_as_far_as_it_goes(frames: Any) -> None:
    content = video([("red", 4)], container="matroska", size=(320, 240))
    assert 0 < len(frames(content[: len(content) // 2])) < 4


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (video([("red", 1)])[:300], "damaged"),
        (b"\x1a\x45\xdf\xa3" + b"x" * 5000, "damaged"),
        (sound(), "only sound"),
    ],
)
def test_what_is_no_video_gets_a_sentence(frames: Any, content: bytes, words: str) -> None:
    with pytest.raises(UploadRefused, match=words):
        frames(content)


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        ({"max_video_seconds": 2}, "longer than"),
        ({"max_video_pixels": 1000}, "64 x 48 pixels"),
        ({"max_video_frames": 2}, "fewer frames a second: 0.5"),
    ],
)
def test_limits_are_told_with_what_to_do(frames: Any, limits: dict[str, Any], words: str) -> None:
    with pytest.raises(UploadRefused, match=words):
        frames(video([("red", 4)]), limits=replace(Limits(), **limits))


@pytest.mark.django_db
def test_a_damaged_video_fails_with_a_sentence(finish: Finish) -> None:
    batch = finish(video([("red", 1)])[:300], "a.mp4")
    assert (batch.status, batch.error) == (
        "failed",
        "The video is damaged or cut short. Save it again as MP4 and send that.",
    )


@pytest.mark.django_db
@pytest.mark.parametrize(
    "content",
    [
        b"#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1:1/a.ts\n#EXT-X-ENDLIST\n",
        b"ffconcat version 1.0\nfile /etc/passwd\n",
        b"\x00\x00\x00\x18ftypheic" + b"x" * 100,
        picture("red"),
    ],
)
def test_playlists_and_pictures_are_no_videos(submit: Finish, content: bytes) -> None:
    with pytest.raises(UploadRefused, match="neither a zip nor a video"):
        submit(content, "a.mp4")


def test_the_web_and_the_workers_never_load_the_decoder() -> None:
    code = (
        "import sys, django; django.setup(); import flashsite.wsgi, flashsite.urls, jobs.actors; "
        "from jobs.batches import submission; from jobs.web.batches import api, views; print('av' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0:00"), (61.5, "1:01.5"), (3725, "1:02:05"), (59.97, "1:00")]
)
def test_times_are_told_as_on_a_player(seconds: float, text: str) -> None:
    assert clock(seconds) == text
