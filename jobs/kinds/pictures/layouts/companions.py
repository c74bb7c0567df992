"""Pictures that go with others and are no examples: masks, depth maps, thumbnails."""

import re
from collections.abc import Iterator, Sequence

from jobs.kinds.pictures.layouts.contract import common_folder
from jobs.kinds.pictures.layouts.split_names import split_of, words_of
from jobs.kinds.pictures.layouts.tree import Folder, tree_of
from jobs.kinds.pictures.options import KEEP
from jobs.uploads.archive import Entry
from jobs.uploads.findings import Notes

_WORDS = {
    "mask", "masks", "seg", "segs", "segmentation", "segmentations", "segmented", "groundtruth", "gt", "truth",
    "ground", "depth", "depths", "depthmap", "depthmaps", "thumbnail", "thumbnails", "thumb", "thumbs",
    "overlay", "overlays", "heatmap", "heatmaps", "edge", "edges", "matte", "mattes", "label", "labels",
    "annotation", "annotations", "annotated", "rendering", "renderings", "render", "renders", "trimap",
    "trimaps", "contour", "contours", "preview", "previews", "superpixels", "outline", "outlines", "infrared",
    "thermal", "saliency", "silhouette", "silhouettes", "segmentationclass", "segmentationobject", "maps",
    "map",
}  # fmt: skip
_PICTURES = {
    "image", "images", "img", "imgs", "rgb", "original", "originals", "photo", "photos", "picture", "pictures",
    "frame", "frames", "raw", "input", "inputs", "jpegimages", "color", "colour", "scan", "scans", "data",
    "jpg", "jpeg", "cxr", "xray", "xrays",
}  # fmt: skip
_SUFFIX = re.compile(
    r"^(?P<base>.+?)[_\-. ]?(?:masks?|(?:final_)?masked|seg|segmentation|gt|groundtruth|ground_truth|depth|"
    r"thumb|thumbnail|overlay|heatmap|trimap|matte|superpixels|labels?|annotat(?:ed|ion)|depthcrop|maskcrop|contours?|outline|"
    r"rendering)(?:[_\-. ]?\(?\d{1,9}\)?)?$"
)
_LONGEST = 150  # characters of a name that is looked at: matching long ones takes long
_BESIDE = ("", "_crop", "_rgb", "_color", "_image", "_img", "_original", "_orig")
_SHARED = 0.5


def without_companions(pictures: Sequence[Entry], notes: Notes) -> list[Entry]:
    """The pictures that stand for themselves; those that go with another become a note for each of their folders."""
    gone: dict[int, Entry] = {}
    for group in (*_folders(tree_of(pictures)), *_suffixes(pictures)):
        fresh = [entry for entry in group if id(entry) not in gone]
        gone.update((id(entry), entry) for entry in fresh)
        if fresh:
            notes.skip(
                common_folder(fresh),
                f"{len(fresh):,} pictures are masks, maps or small copies of others by their names, not examples; "
                "they were left out.",
                len(fresh),
                undo={"companions": KEEP},
            )
    if len(gone) == len(pictures):
        return list(pictures)
    return [entry for entry in pictures if id(entry) not in gone]


def _folders(folder: Folder) -> Iterator[list[Entry]]:
    """The pictures of each folder that is named like companions and holds the names of a folder beside it."""
    for inner in folder.folders.values():
        words = set(words_of(inner.name))
        if words and words <= _WORDS and folder.pictures and _shares(_names_below(inner), _names_in(folder)):
            # Small copies in a folder of their own, below the pictures: cats/1.jpg, cats/thumbs/1.jpg.
            yield list(inner.all_pictures())
        elif words & _WORDS and _stands_beside(inner, words & _WORDS, words - _WORDS, folder):
            yield list(inner.all_pictures())
        else:
            yield from _folders(inner)


def _stands_beside(inner: Folder, kind: set[str], rest: set[str], parent: Folder) -> bool:
    ways = (_names_below(inner), _names_below(_unwrapped(inner)))
    for other in parent.folders.values():
        if other is inner:
            continue
        words = set(words_of(other.name))
        alike = (words & _PICTURES or split_of(other.name)) and rest <= words | _PICTURES
        if not words & kind and (alike or (rest and words == rest)) and _any_shares(ways, other):
            return True
    # Masks of all classes beside the classes: cats/, dogs/, masks/cats/, masks/dogs/.
    beside = set(inner.folders) & set(parent.folders)
    if rest or len(beside) < 2:
        return False
    others = {f"{name}/{stem}" for name in beside for stem in _names_below(parent.folders[name])}
    return _shares(ways[0], others)


def _unwrapped(folder: Folder) -> Folder:
    while len(folder.folders) == 1 and not folder.pictures:
        folder = next(iter(folder.folders.values()))
    return folder


def _any_shares(ways: Sequence[set[str]], other: Folder) -> bool:
    there = (_names_below(other), _names_below(_unwrapped(other)))
    return any(_shares(names, others) for names in ways for others in there)


def _shares(names: set[str], others: set[str]) -> bool:
    return len(names & others) >= _SHARED * len(names)


def _names_in(folder: Folder) -> set[str]:
    return {_stem(entry) for entry in folder.pictures}


def _names_below(folder: Folder, prefix: str = "") -> set[str]:
    """The paths below a folder, without suffixes and what companions add to names."""
    names = set()
    for entry in folder.pictures:
        stem = _stem(entry)
        match = _match(stem)
        names.add(prefix + (match["base"] if match else stem))
    for inner in folder.folders.values():
        names |= _names_below(inner, f"{prefix}{inner.name}/")
    return names


def _suffixes(pictures: Sequence[Entry]) -> Iterator[list[Entry]]:
    """Pictures called like another in their folder, with a word behind it: 1.png and 1_mask.png."""
    stems = {(entry.parts[:-1], _stem(entry)) for entry in pictures}
    found: dict[tuple[str, ...], list[Entry]] = {}
    for entry in pictures:
        match = _match(_stem(entry))
        if match and any((entry.parts[:-1], match["base"] + more) in stems for more in _BESIDE):
            found.setdefault(entry.parts[:-1], []).append(entry)
    yield from found.values()


def _match(stem: str) -> re.Match[str] | None:
    return _SUFFIX.match(stem) if len(stem) <= _LONGEST else None


def _stem(entry: Entry) -> str:
    name = entry.parts[-1]
    return (name.rpartition(".")[0] or name).lower()
