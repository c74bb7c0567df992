"""Annotations in JSON: COCO, Datumaro, Label Studio, CreateML, LabelMe and VIA."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeGuard

from jobs.kinds.pictures.layouts.contract import Contents
from jobs.kinds.pictures.layouts.marks import Mark
from jobs.kinds.pictures.layouts.split_names import split_of
from jobs.uploads.archive import Entry

Marks = Iterator[Mark]


@dataclass(frozen=True, slots=True)
class JsonFormat:
    """A format that its own parts give away: `marks` yields nothing for documents of other formats."""

    name: str
    marks: Callable[[Any], Marks]

    def read(self, contents: Contents) -> Iterator[tuple[Entry, Mark]]:
        """See `AnnotationFormat`."""
        for entry in contents.files:
            if entry.suffix != ".json":
                continue
            split = split_of(entry.parts[-1].rpartition(".")[0])
            for mark in self.marks(contents.json(entry)):
                yield entry, Mark(mark.picture, mark.labels, mark.boxes, mark.split or split)


def coco(document: Any) -> Marks:
    """Lists of images, categories and annotations. Annotations without a box or outline are of the whole picture."""
    if not isinstance(document, dict):
        return
    images, categories, annotations = (document.get(key) for key in ("images", "categories", "annotations"))
    if not (_objects(images) and isinstance(annotations, list) and _objects(categories)):
        return
    names = {entry.get("id"): str(entry.get("name", entry.get("id"))) for entry in categories}
    files = {entry.get("id"): str(entry["file_name"]) for entry in images if entry.get("file_name")}
    for annotation in annotations:
        if not isinstance(annotation, dict):
            continue
        file, name = (
            files.get(_key(annotation.get("image_id"))),
            names.get(_key(annotation.get("category_id"))),
        )
        if file is not None and name is not None:
            whole = not annotation.get("bbox") and not annotation.get("segmentation")
            yield Mark(file, (name,), ()) if whole else Mark(file, (), (name,))


def datumaro(document: Any) -> Marks:
    """Categories with a list of labels, and items with annotations of type label, bbox, polygon, mask and so on."""
    if not isinstance(document, dict) or not _objects(document.get("items")):
        return
    try:
        names = [str(label["name"]) for label in document["categories"]["label"]["labels"]]
    except (KeyError, TypeError):
        return
    for item in document["items"]:
        image = item.get("image")
        path = image.get("path") if isinstance(image, dict) else None
        labels: list[str] = []
        boxes: list[str] = []
        for annotation in _dicts(item.get("annotations")):
            at = annotation.get("label_id")
            if isinstance(at, int) and 0 <= at < len(names):
                (labels if annotation.get("type") == "label" else boxes).append(names[at])
        split = (
            split_of(str((item.get("attr") or {}).get("split", "")))
            if isinstance(item.get("attr"), dict)
            else ""
        )
        yield Mark(str(path or item.get("id", "")), tuple(labels), tuple(boxes), split)


def label_studio(document: Any) -> Marks:
    """Tasks with `data` and `annotations` (older: `completions`); skipped ones and suggestions do not count."""
    if isinstance(document, list) and len(document) == 1 and isinstance(document[0], list):
        # The converter of Label Studio puts a list around the list.
        document = document[0]
    if not _objects(document) or not isinstance(document[0].get("data"), dict):
        return
    for task in document:
        picture = _picture_of(task.get("data"))
        done = task.get("annotations") or task.get("completions")
        labels: list[str] = []
        boxes: list[str] = []
        for annotation in _dicts(done):
            if annotation.get("was_cancelled"):
                continue
            for result in _dicts(annotation.get("result")):
                _add_result(result, labels, boxes)
            if labels or boxes:
                break
        if picture:
            yield Mark(picture, tuple(labels), tuple(boxes))


def _add_result(result: Mapping[str, Any], labels: list[str], boxes: list[str]) -> None:
    value = result.get("value")
    if not isinstance(value, dict):
        return
    for key, found in value.items():
        if key in ("choices", "taxonomy") and isinstance(found, list):
            labels += [str(name[-1] if isinstance(name, list) and name else name) for name in found]
        elif key.endswith("labels") and isinstance(found, list):
            boxes += [str(name) for name in found]


def _picture_of(data: Any) -> str:
    if not isinstance(data, dict):
        return ""
    texts = [value for value in data.values() if isinstance(value, str)]
    likely = [text for text in texts if "." in text.rpartition("/")[2]]
    return str(data.get("image") or (likely or texts or [""])[0])


def create_ml(document: Any) -> Marks:
    """A list of pictures, each with annotations that have a label and coordinates, or a label alone."""
    if (
        not _objects(document)
        or not isinstance(document[0].get("annotations"), list)
        or "image" not in document[0]
    ):
        return
    for item in document:
        found = [entry for entry in _dicts(item.get("annotations")) if entry.get("label")]
        boxes = tuple(str(entry["label"]) for entry in found if entry.get("coordinates"))
        labels = tuple(str(entry["label"]) for entry in found if not entry.get("coordinates"))
        yield Mark(str(item.get("image", "")), labels, boxes)


def label_me(document: Any) -> Marks:
    """One file for each picture: shapes with labels, flags of the whole picture."""
    if (
        not isinstance(document, dict)
        or not isinstance(document.get("shapes"), list)
        or "imagePath" not in document
    ):
        return
    flags = document.get("flags")
    labels = tuple(str(name) for name, on in flags.items() if on) if isinstance(flags, dict) else ()
    boxes = tuple(str(shape["label"]) for shape in _dicts(document["shapes"]) if shape.get("label"))
    yield Mark(str(document["imagePath"]), labels, boxes)


def via(document: Any) -> Marks:
    """VGG Image Annotator: files with regions; one attribute of the file or of each region is the class."""
    if isinstance(document, dict) and isinstance(document.get("_via_img_metadata"), dict):
        document = document["_via_img_metadata"]
    if not isinstance(document, dict) or not document:
        return
    files = list(document.values())
    if not all(isinstance(file, dict) and "filename" in file and "regions" in file for file in files):
        return
    for file in files:
        regions = file["regions"]
        found = list(regions.values()) if isinstance(regions, dict) else regions
        boxes = tuple(name for region in _dicts(found) if (name := _only(region.get("region_attributes"))))
        label = _only(file.get("file_attributes"))
        yield Mark(str(file["filename"]), (label,) if label else (), boxes)


def _only(attributes: Any) -> str:
    """The value of the one attribute there is."""
    if not isinstance(attributes, dict):
        return ""
    values = [value for value in attributes.values() if isinstance(value, str) and value.strip()]
    return values[0] if len(values) == 1 else ""


def _objects(value: Any) -> TypeGuard[list[dict[str, Any]]]:
    return (
        isinstance(value, list)
        and bool(value)
        and isinstance(value[0], dict)
        and all(isinstance(v, dict) for v in value)
    )


def _dicts(value: Any) -> Iterator[dict[str, Any]]:
    return (entry for entry in value if isinstance(entry, dict)) if isinstance(value, list) else iter(())


def _key(value: Any) -> Any:
    return value if isinstance(value, int | str) else None


JSON_FORMATS = (
    JsonFormat("COCO", coco),
    JsonFormat("Datumaro", datumaro),
    JsonFormat("Label Studio", label_studio),
    JsonFormat("CreateML", create_ml),
    JsonFormat("LabelMe", label_me),
    JsonFormat("VIA", via),
)
