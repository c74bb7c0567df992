"""What Flash knows of one kind of task: a record, free of torch, of numpy and of all other code."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

# What may be learnt from each sample, as recipes and model.json name it: one label, or any number of them.
ONE_LABEL, MANY_LABELS = "one_label", "many_labels"


class Preset(StrEnum):
    """How much time to spend; a preset chooses every hyperparameter that the user leaves open."""

    QUICK = "quick"
    BALANCED = "balanced"
    BEST = "best"
    # Tries several trainings within the minutes given, and keeps the best.
    AUTO = "auto"


@dataclass(frozen=True, kw_only=True, slots=True)
class Candidate:
    """A training that preset Auto may try: a preset, perhaps with another model, and fields of the recipe changed.

    `words` are what people call it. `expected` and `deviation` are of ln(its error / that of the kind's first
    candidate), as past trainings have it, where the error is what the score lacks.
    """

    words: str
    preset: Preset
    model: str | None = None
    changes: Mapping[str, Any] = field(default_factory=dict)
    expected: float = 0.0
    deviation: float = 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Axis:
    """A field of the recipe that a sweep may change: from `low` to `high`, by factors if `log`, or among `values`."""

    name: str
    low: float = 0.0
    high: float = 0.0
    log: bool = False
    values: tuple[Any, ...] = ()

    def at(self, place: float) -> Any:
        """The value at a `place` from 0 up to 1."""
        if self.values:
            return self.values[min(int(place * len(self.values)), len(self.values) - 1)]
        if self.log:
            return float(self.low * (self.high / self.low) ** place)
        return self.low + place * (self.high - self.low)


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelSpec:
    """One model of the catalogue; its name is unique among all kinds.

    `parameters` in millions; `imagenet_accuracy` is top-1 in percent of the weights that torchvision offers;
    `relative_cost` is the arithmetic of one example against the first model of its kind; `input_size` is the side
    of the square picture in pixels; `min_memory_mb` is what training takes at least; `last_layer` is where a network of
    torchvision keeps the linear layer that classifies; `in_browser` is whether the page of a bundle reads its inputs.
    """

    name: str
    title: str
    task: str
    summary: str
    parameters: float = 0.0
    imagenet_accuracy: float | None = None
    relative_cost: float = 1.0
    input_size: int | None = None
    min_memory_mb: int = 1000
    last_layer: str = ""
    in_browser: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class Words:
    """How people speak of a kind; without capitals and articles unless said otherwise.

    `sample` is what has a label, `unit` what is left out of an upload ("file", "row"), `upload` what is uploaded, with
    its article; `right_form` is a sentence that shows a good one. `example` and `example_data` stand in commands that
    people copy. `tensor` says what the graph takes.
    `title` is what the pages call the kind; it and `about` (a sentence) begin with a capital.
    """

    title: str
    about: str
    sample: str
    samples: str
    unit: str
    units: str
    upload: str
    right_form: str
    name_hint: str
    example: str
    example_data: str
    tensor: str


@dataclass(frozen=True, kw_only=True, slots=True)
class SampleData:
    """A data set that comes with Flash: its address `/samples/NAME/`, its file, and words for the home page."""

    name: str
    file: str
    title: str
    about: str
    button: str


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Kind:
    """A kind of task.

    Names of code are dotted, "package.module" or "package.module:function", and are imported by `registry.load` when
    they are needed: the web never imports what trains. Code of a kind that only other packages understand is named
    here, too, and described there.
    """

    # What it is called: on the wire and in the database; as a folder of each package; in the addresses of pages.
    task: str
    name: str
    slug: str
    words: Words

    # The catalogue, the recommended model first. `defaults(preset, model, pretrained)` gives every field of the
    # recipe for a choice, None meaning the preset's own; `is_convex` says of such fields whether they train a linear
    # model, which a solver can bring to its optimum in one process. `preset_words` is a sentence for each preset.
    models: tuple[ModelSpec, ...]
    defaults: Callable[[Preset, str | None, bool | None], dict[str, Any]]
    is_convex: Callable[[Mapping[str, Any]], bool]
    preset_words: Mapping[Preset, str]
    has_pretrained: bool = False
    # What preset Auto may try; the first is always tried, and takes least. Without any there is no such preset.
    # `has_weights(model, samples) -> bool` says whether a training of the model would find its weights, on this machine
    # or on the network, which it may download.
    candidates: tuple[Candidate, ...] = ()
    has_weights: str = ""
    # Of the recipe's JSON: what a sweep may change of it.
    axes: Callable[[Mapping[str, Any]], tuple[Axis, ...]] = lambda _: ()
    # Fields of the recipe that no user sets, but a page about a model tells, and their labels.
    settings: Mapping[str, str] = field(default_factory=dict)
    # Of the recipe's JSON: sentences for people about what the curve of the validation part measures, where that is not
    # what the curve of the training part measures.
    curve_words: Callable[[Mapping[str, Any]], str] = lambda _: ""
    # What is learnt from each sample: a `training.targets.target.Target`; where samples may have any number of labels,
    # the one for these, "" where they may not.
    target: str = "training.targets.one_label:ONE_LABEL"
    many_target: str = ""
    # Seconds of a training beyond what every job takes, on two ordinary processor cores: of the recipe's JSON and the
    # number of samples.
    rough_seconds: Callable[[Mapping[str, Any], int], float]

    # Names of fields of `Limits`.
    batch_size_limit: str = "batch_size_text"
    per_request_limit: str = "max_sentences_per_request"

    # Training: `read(folder) -> Samples`; `fit`, see `training.fit.fit`; `restore(saved) -> nn.Module` builds a
    # model from the dict in model.pt; `thumbnail(item) -> bytes | None` a small JPEG of a sample; `traits(items,
    # threads) -> [Trait]` what samples are like beside their class; `serving_copy` writes a smaller model for the web;
    # `libraries` are modules that a training of this kind will want, and functions that load more.
    read: str
    fit: str
    restore: str
    thumbnail: str = ""
    traits: str = ""
    serving_copy: str = ""
    libraries: tuple[str, ...] = ()

    # Prediction: a module that stands alone, for it is copied into bundles, with `from_json(data, folder)`, see
    # `training.bundle.preprocessing`; modules that it is made of, copied along, imported from by their full names; what
    # the graph's input is called; files of the bundle that it needs besides the graph and model.json; packages that it
    # needs besides numpy, onnxruntime and pillow.
    preprocess: str
    preprocess_parts: tuple[str, ...] = ()
    input_name: str
    bundle_files: tuple[str, ...] = ()
    requirements: tuple[str, ...] = ()

    # Suffixes of files that can be uploaded, in lower case; for samples that are files, what a form's field accepts and
    # the names of their formats; names of the formats of files whose items can be predicted
    # all together, at most ten letters each, and words for them. Modules, each with a contract where it is used: how an
    # upload is checked and unpacked (`jobs.uploads.contract`), how a whole file is predicted
    # (`jobs.batches.child.contract`), what may be handed in for a prediction (`modelstore.prediction.contract`) and how
    # a page asks for it (`modelstore.web.contract`).
    suffixes: tuple[str, ...]
    accept: str = ""
    reads: str = ""
    batch_formats: Mapping[str, str]
    uploads: str
    batches: str
    inputs: str
    page: str

    # A folder with inputs.py and inputs.js for bundles, dotted (see modelstore/standalone/README.md).
    standalone: str
    # A module with `code_of(model, open_file)`, which tells what the code is made of that trains a model again without
    # Flash (see `modelstore.bundles.generated_code`); "" for none.
    code: str = ""
    # A folder with templates, kinds/NAME/..., where it is not Flash's own.
    template_folder: str = ""
    # Data to try Flash with.
    sample_data: tuple[SampleData, ...] = ()

    @property
    def presets(self) -> tuple[Preset, ...]:
        """Those that this kind has."""
        return tuple(preset for preset in Preset if preset is not Preset.AUTO or self.candidates)

    @property
    def templates(self) -> str:
        """The folder with the templates of this kind."""
        return f"kinds/{self.name}"

    def model(self, name: str) -> ModelSpec | None:
        """The model of this name; None where this kind has no such."""
        return next((spec for spec in self.models if spec.name == name), None)
