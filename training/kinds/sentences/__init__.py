"""Sentences: everything that only they need."""

from types import MappingProxyType

from training.kinds.kind import Kind, SampleData, Words
from training.kinds.sentences import catalog

_HERE = "training.kinds.sentences"
_SUFFIXES = (
    ".csv", ".tsv", ".tab", ".txt", ".xlsx", ".xlsm", ".xls", ".ods", ".jsonl", ".ndjson", ".json", ".parquet",
    ".arrow", ".feather", ".yml", ".yaml", ".md", ".gz", ".bz2", ".xz", ".zst", ".tar", ".tgz",
)  # fmt: skip
KIND = Kind(
    task=catalog.TASK,
    name="sentences",
    slug="text",
    words=Words(
        title="Sentences",
        about="Sorts sentences into classes.",
        sample="sentence",
        samples="sentences",
        unit="row",
        units="rows",
        upload="a table of sentences",
        right_form=(
            "The right form for sentences: a header and one row each, "
            'such as input,label then "I love it",positive.'
        ),
        name_hint="customer messages",
        example='"a sentence"',
        example_data="my-table.csv",
        tensor="token ids, int64 [N, T], padded with 0",
    ),
    models=catalog.MODELS,
    defaults=catalog.defaults,
    is_convex=catalog.is_convex,
    preset_words=catalog.PRESET_WORDS,
    candidates=catalog.CANDIDATES,
    axes=catalog.axes,
    has_weights=f"{_HERE}.encoders.choosing:has_weights",
    curve_words=catalog.curve_words,
    rough_seconds=catalog.rough_seconds,
    batch_size_limit="batch_size_text",
    per_request_limit="max_sentences_per_request",
    many_target="training.targets.many_labels:MANY_LABELS",
    read=f"{_HERE}.reading:read_sentences",
    fit=f"{_HERE}.fit:fit",
    restore=f"{_HERE}.restore:restored",
    traits=f"{_HERE}.reports.traits:traits",
    libraries=(f"{_HERE}.recurrent_fit", f"{_HERE}.encoders.fit"),
    preprocess=f"{_HERE}.preprocess",
    input_name="input_ids",
    bundle_files=("tokenizer.json",),
    requirements=("tokenizers",),
    suffixes=_SUFFIXES,
    batch_formats=MappingProxyType({"sentences": "sentences in a table"}),
    uploads="jobs.kinds.sentences.uploads",
    batches="jobs.kinds.sentences.batches",
    inputs="modelstore.kinds.sentences.inputs",
    page="modelstore.kinds.sentences.page",
    standalone="modelstore.kinds.sentences.standalone",
    code="modelstore.kinds.sentences.code",
    sample_data=(
        SampleData(
            name="messages",
            file="messages.csv",
            title="Sample sentences",
            about="What customers write to a shop, sorted by what they want. 400 messages.",
            button="Try the messages",
        ),
    ),
)
