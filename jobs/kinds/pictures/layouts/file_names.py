"""Layout: the class stands in the name of each file (cat.0.jpg, disc_012.png, 0012_cat.jpg)."""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from jobs.kinds.pictures.layouts.contract import Contents, Reading, Sample, skip_all
from jobs.kinds.pictures.layouts.folders import FolderReading
from jobs.kinds.pictures.layouts.parts import is_view
from jobs.kinds.pictures.layouts.sources import is_change
from jobs.kinds.pictures.layouts.split_names import split_of
from jobs.uploads.archive import Entry
from jobs.uploads.errors import listed
from jobs.uploads.findings import Notes

# Names that cameras, phones and programs give; they say nothing of what is in the picture.
_CAMERAS = {
    "img", "image", "images", "dsc", "dscn", "dscf", "pxl", "photo", "pic", "picture", "frame", "screenshot",
    "whatsapp", "wa", "dji", "gopr", "mvimg", "scan", "file", "untitled", "download", "unknown", "p", "pict",
    "cam", "camera", "capture", "vid", "snapshot", "bild", "foto", "imagen", "sample", "test", "train", "val",
    "valid", "data", "page", "img_e", "psx", "signal", "snapchat", "facebook", "received", "burst", "pano",
    "imgp", "sam", "hpim", "cimg", "mvi", "gx", "gh", "dcim", "crop", "tile", "patch", "slide", "x", "im", "n",
    "ilsvrc", "coco", "thumb", "item", "id",
}  # fmt: skip
# A word in front, and a number or a long random mark behind it.
_FRONT = re.compile(
    r"^(?P<label>[^\W\d_](?:.*?[^\W\d_])?)"
    r"(?:[ ._\-]*\(?\d[\d._\- ]*\)?|[ ._\-]+[0-9a-f]{6,}(?:-[0-9a-f]{4}){0,3}(?:-[0-9a-f]{12})?)$",
    re.I,
)
_SYNSET = re.compile(r"^(?P<label>n\d{8})_\d+$")
_BEHIND = re.compile(r"^\d[\d._\- ]*[ ._\-]+(?P<label>[^\W\d_](?:.*[^\W\d_])?)$")
_MOST_STEM = 120
_SURE_EACH = 5
_MOST_CROSSING = 50


@dataclass(kw_only=True, slots=True)
class NameReading(Reading):
    """`sure` tells whether one may take the names without asking; `folders` whether folders could be classes, too."""

    sure: bool
    example: str
    folders: bool

    @property
    def words(self) -> str:
        return "the names of the files"


def read_file_names(contents: Contents, folders: FolderReading) -> NameReading | None:
    """The pictures with the classes that their names tell, None where these tell none."""
    words = _repeated(contents.pictures)
    ways = (_front, _behind, lambda stem: words.get(stem.lower(), ""))
    best = max((_labels(contents.pictures, way) for way in ways), key=len)
    counts = Counter(best.values())
    kept = {label for label, count in counts.items() if count >= contents.limits.min_per_class}
    named = [at for at, label in best.items() if label in kept]
    if len(kept) < 2 or len(kept) > contents.limits.max_classes or len(named) < 2 * len(kept):
        return None
    covered = _covered(contents.pictures, named)
    if covered < 0.9:
        return None
    return _reading(contents, folders, {at: best[at] for at in named}, covered)


def names_cross_folders(folders: FolderReading, names: NameReading) -> bool:
    """Whether the classes in the names are spread over the folders, as other classes than these."""
    told = {id(sample.entry): sample.label for sample in names.samples}
    labels = {label.lower() for label in told.values()}
    if len(labels) > _MOST_CROSSING or any(split_of(label) or is_view(label) for label in labels):
        return False
    inside: dict[str, set[str]] = defaultdict(set)
    around: dict[str, set[str]] = defaultdict(set)
    for sample in folders.samples:
        label = told.get(id(sample.entry))
        # A site or camera has a number more often than a class.
        if label is None or is_change(label) or any(map(str.isdigit, label)):
            return False
        inside[sample.label].add(label)
        around[label].add(sample.label)
    return (
        len(labels) > 1
        and all(len(found) > 1 for found in inside.values())
        and all(len(found) >= max(2, 0.5 * len(inside)) for found in around.values())
    )


def _reading(
    contents: Contents, folders: FolderReading, labels: dict[int, str], covered: float
) -> NameReading:
    notes = Notes()
    samples, without = [], []
    for at, entry in enumerate(contents.pictures):
        if at not in labels:
            without.append(entry)
            continue
        split = next((split for name in entry.parts[:-1] if (split := split_of(name))), "")
        samples.append(Sample(entry, labels[at], split))
    skip_all(
        notes,
        without,
        "The name of this file tells no class, so it was left out.",
        "{count} pictures have names that tell no class, so they were left out.",
    )
    classes = Counter(labels.values())
    first = next(iter(labels))
    example = f"{contents.pictures[first].parts[-1]}: {labels[first]}"
    notes.repair(
        listed(sorted(classes)),
        f"The classes were taken from the names of the files ({example}), not from folders.",
    )
    sure = covered >= 0.98 and len(labels) >= _SURE_EACH * len(classes) and min(classes.values()) > 2
    return NameReading(
        samples=samples, notes=notes, sure=sure, example=example, folders=bool(folders.samples)
    )


def _covered(pictures: Sequence[Entry], named: Sequence[int]) -> float:
    """The share of named pictures in the folders that have any: a flat test folder of numbers does not count."""
    folders = Counter(pictures[at].parts[:-1] for at in named)
    every = Counter(entry.parts[:-1] for entry in pictures)
    telling = [parts for parts, count in folders.items() if count >= 0.5 * every[parts]]
    return sum(folders[parts] for parts in telling) / max(1, sum(every[parts] for parts in telling))


def _labels(pictures: Sequence[Entry], way: Callable[[str], str]) -> dict[int, str]:
    found = {}
    for at, entry in enumerate(pictures):
        stem = entry.parts[-1].rpartition(".")[0] or entry.parts[-1]
        label = way(stem) if len(stem) <= _MOST_STEM else ""
        if label:
            found[at] = label
    return found


def _front(stem: str) -> str:
    synset = _SYNSET.match(stem)
    if synset:
        return synset["label"]
    match = _FRONT.match(stem)
    return _told(match["label"]) if match else ""


def _behind(stem: str) -> str:
    match = _BEHIND.match(stem)
    return _told(match["label"]) if match else ""


def _repeated(pictures: Sequence[Entry]) -> dict[str, str]:
    """Names that are words and stand in several folders (3/before.jpg, 4/before.jpg)."""
    folders: dict[str, set[tuple[str, ...]]] = defaultdict(set)
    for entry in pictures:
        stem = entry.parts[-1].rpartition(".")[0].lower()
        if stem.replace("_", "").replace("-", "").replace(" ", "").isalpha():
            folders[stem].add(entry.parts[:-1])
    return {stem: _told(stem) for stem, where in folders.items() if len(where) > 1}


def _told(label: str) -> str:
    word = label.strip(" ._-()")
    first = re.split(r"[\W_]+", word.lower())[0] if word else ""
    return "" if first in _CAMERAS else word
