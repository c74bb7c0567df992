"""Annotations in XML: Pascal VOC (one file for each picture) and CVAT (one file for all)."""

from collections.abc import Iterator
from typing import Any

from jobs.kinds.pictures.layouts.contract import Contents
from jobs.kinds.pictures.layouts.marks import Mark
from jobs.kinds.pictures.layouts.split_names import split_of
from jobs.uploads.archive import Entry

# Bytes: a VOC file is small, one of CVAT may describe all pictures.
_MOST_VOC, _MOST_CVAT = 1_000_000, 40 * 1024**2
_OUTLINES = {"box", "polygon", "polyline", "points", "mask", "ellipse", "cuboid", "skeleton"}


class PascalVoc:
    """`annotation` with `filename` and `object`s that have a name and a box."""

    name = "Pascal VOC"

    def read(self, contents: Contents) -> Iterator[tuple[Entry, Mark]]:
        """See `AnnotationFormat`."""
        for entry, root in _documents(contents, "annotation", _MOST_VOC):
            boxes = tuple(
                name for thing in root.findall("object") if (name := (thing.findtext("name") or "").strip())
            )
            # The file is called like the picture; the name inside is often that of an earlier copy.
            stem = entry.parts[-1].rpartition(".")[0]
            inside = (root.findtext("filename") or "").strip()
            named = contents.index.find(stem, entry.parts[:-1]) is not None
            yield entry, Mark(stem if named or not inside else inside, (), boxes)


class Cvat:
    """`annotations` with `image`s that have tags (of the whole picture), boxes and outlines."""

    name = "CVAT"

    def read(self, contents: Contents) -> Iterator[tuple[Entry, Mark]]:
        """See `AnnotationFormat`."""
        for entry, root in _documents(contents, "annotations", _MOST_CVAT):
            for image in root.iter("image"):
                labels = tuple(tag.get("label", "") for tag in image.findall("tag") if tag.get("label"))
                boxes = tuple(
                    part.get("label", "") for part in image if part.tag in _OUTLINES and part.get("label")
                )
                yield entry, Mark(image.get("name", ""), labels, boxes, split_of(image.get("subset", "")))


def _documents(contents: Contents, root: str, most: int) -> Iterator[tuple[Entry, Any]]:
    """The XML files whose root is called `root`; others, damaged ones and those with entities are passed over."""
    from defusedxml import DefusedXmlException
    from defusedxml.ElementTree import ParseError, fromstring

    for entry in contents.files:
        if entry.suffix != ".xml" or entry.size > most:
            continue
        data = contents.archive.read(entry)
        # Cheap, so that a large file of another format is not parsed.
        if f"<{root}".encode() not in data[:2_000].replace(b"\x00", b""):
            continue
        try:
            document = fromstring(data, forbid_dtd=True)
        except (ParseError, DefusedXmlException, ValueError, LookupError):
            continue
        if document.tag == root:
            yield entry, document


XML_FORMATS = (PascalVoc(), Cvat())
