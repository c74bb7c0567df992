"""Pictures: everything that only they need."""

from types import MappingProxyType

from training.ground.picture_formats import ACCEPT, LISTED
from training.kinds.kind import Kind, SampleData, Words
from training.kinds.pictures import catalog

_HERE = "training.kinds.pictures"
KIND = Kind(
    task=catalog.TASK,
    name="pictures",
    slug="image",
    words=Words(
        title="Pictures",
        about="Sorts pictures into classes.",
        sample="picture",
        samples="pictures",
        unit="file",
        units="files",
        upload="a zip of pictures",
        right_form=(
            "The right form for pictures: a zip with one folder per class, such as "
            "cats/1.jpg, cats/2.jpg, dogs/1.jpg, dogs/2.jpg."
        ),
        name_hint="cats and dogs",
        example="picture.jpg",
        example_data="my-pictures.zip",
        tensor="pixels, uint8 [N, S, S, 3]",
    ),
    models=catalog.MODELS,
    defaults=catalog.defaults,
    is_convex=catalog.is_convex,
    preset_words=catalog.PRESET_WORDS,
    candidates=catalog.CANDIDATES,
    axes=catalog.axes,
    has_weights=f"{_HERE}.networks.weights:has_weights",
    has_pretrained=True,
    settings=MappingProxyType({"augmentation": "Variation of pictures"}),
    rough_seconds=catalog.rough_seconds,
    batch_size_limit="batch_size_image",
    per_request_limit="max_pictures_per_request",
    many_target="training.targets.many_labels:MANY_LABELS",
    read=f"{_HERE}.reading:read_pictures",
    fit=f"{_HERE}.fit:fit",
    restore=f"{_HERE}.networks.vision:restored",
    thumbnail=f"{_HERE}.thumbnail:thumbnail",
    traits=f"{_HERE}.traits:traits",
    serving_copy=f"{_HERE}.serving_copy:make_serving_copy",
    libraries=(
        f"{_HERE}.fine_tuning",
        f"{_HERE}.serving_copy",
        f"{_HERE}.networks.vision:torchvision_models",
    ),
    preprocess=f"{_HERE}.preprocess",
    preprocess_parts=(
        f"{_HERE}.pixels.picture_colours",
        f"{_HERE}.pixels.picture_dicom",
        f"{_HERE}.pixels.picture_jpeg",
        f"{_HERE}.pixels.picture",
        "training.ground.picture_formats",
    ),
    input_name="pixels",
    suffixes=(".zip",),
    accept=ACCEPT,
    reads=LISTED,
    batch_formats=MappingProxyType({"pictures": "pictures in a zip", "video": "frames of a video"}),
    uploads="jobs.kinds.pictures.uploads",
    batches="jobs.kinds.pictures.batches",
    inputs="modelstore.kinds.pictures.inputs",
    page="modelstore.kinds.pictures.page",
    standalone="modelstore.kinds.pictures.standalone",
    code="modelstore.kinds.pictures.code",
    sample_data=(
        SampleData(
            name="shapes",
            file="shapes.zip",
            title="Sample pictures",
            about="Circles, squares, stars and triangles, drawn on noise. 160 pictures.",
            button="Try the shapes",
        ),
    ),
)
