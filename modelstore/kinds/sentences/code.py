"""What the code that trains a model of sentences again is made of, see `modelstore.bundles.generated_code`."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from modelstore.bundles.code_recipe import learned_from, loop_conditions, loop_settings, model_arguments
from modelstore.bundles.generated_code import SHARED, Code, NoCode, Setting
from modelstore.bundles.standalone_files import Open
from modelstore.models import TrainedModel
from training.kinds.sentences.catalog import NGRAMS
from training.kinds.sentences.encoders.specs import ENCODERS, EncoderSpec
from training.kinds.sentences.preprocess import TOKENIZER_FILE

_OWN = Path(__file__).parent / "standalone" / "code"
_RECURRENT = ("lstm", "gru")
# As training/kinds/sentences: NORM of ngrams.py, _LENGTH of recurrent_fit.py, _FEW of encoders/fit.py, sizes of
# tokeniser.py.
_VECTOR_LENGTH, _READ, _FEW = 8.0, 256, 24
_SUBWORDS, _PIECES = 4_000, 1_000


def code_of(model: TrainedModel, open_file: Open) -> Code:
    """See `modelstore.bundles.generated_code.code_of`."""
    name, config = model.model_name, model.manifest["config"]
    if name not in (NGRAMS, *_RECURRENT, *ENCODERS):
        raise NoCode(f"There is no code for the model {name}.")
    arguments = model_arguments(open_file)
    vocabulary = _vocabulary(open_file, config) if name not in ENCODERS else {"unit": ""}
    by_batches = config["solver"] == "gradient" and (name == NGRAMS or bool(config["freeze"]))
    learns = name in _RECURRENT or (name in ENCODERS and not _is_few(model) and not config["freeze"])
    loop = loop_conditions(config) if learns or by_batches else frozenset[str]()
    conditions = loop | _conditions(model, vocabulary["unit"])
    return Code(
        settings=[
            *_data(model),
            *_reading(model, vocabulary, arguments),
            *_learning(config, arguments, learns=learns, by_batches=by_batches),
        ],
        parts=list(_parts(model, conditions, learns=learns, by_batches=by_batches)),
        conditions=conditions,
        requirements=("tokenizers", *(("safetensors",) if name in ENCODERS else ())),
        files=(TOKENIZER_FILE,) if vocabulary["unit"] == "given" else (),
    )


def _parts(
    model: TrainedModel, conditions: frozenset[str], *, learns: bool, by_batches: bool
) -> Iterator[Path]:
    yield _OWN / "reading.py"
    yield SHARED / "check.py"
    if model.model_name in ENCODERS:
        yield _OWN / "encoder.py"
    else:
        yield _OWN / ("given_vocabulary.py" if "given" in conditions else "vocabulary.py")
    yield SHARED / "linear.py"
    yield _OWN / "ngrams.py"
    yield SHARED / "measure.py"
    if learns or by_batches:
        yield SHARED / "loop.py"
    for name in _fits(model.model_name, conditions, learns=learns, by_batches=by_batches):
        yield _OWN / f"{name}.py"
    yield _OWN / "saving.py"


def _fits(name: str, conditions: frozenset[str], *, learns: bool, by_batches: bool) -> list[str]:
    """The parts in which something learns."""
    if name == NGRAMS:
        return ["ngrams_by_batches"] if by_batches else ["ngram_fit", "ngrams_alone"]
    if name in _RECURRENT:
        return ["ngram_fit", "voting", "recurrent"]
    if learns:
        return ["ngram_fit", "voting", "encoder_head", "encoder_top"]
    contrast = ["contrast"] if "few" in conditions else []
    alone = "encoder_by_batches" if by_batches else "encoder_alone"
    return ["ngram_fit", "voting", *contrast, "encoder_head", alone, "encoder_end"]


def _conditions(model: TrainedModel, unit: str) -> frozenset[str]:
    name, config = model.model_name, model.manifest["config"]
    spec = ENCODERS.get(name)
    facts = {
        "words": unit == "words",
        "pieces": unit in ("pieces", "letters"),
        "marked": unit == "pieces",
        "given": unit == "given",
        "ngrams": name == NGRAMS,
        "encoder": spec is not None,
        "recurrent": name in _RECURRENT,
        "votes": name != NGRAMS,
        "lstm": name == "lstm",
        "gru": name == "gru",
        "mean": spec is not None and spec.pooling == "mean",
        "first": spec is not None and spec.pooling == "first",
        "few": _is_few(model),
        "many": not _is_few(model),
        "class_weights": bool(config["class_weights"]),
        "no_class_weights": not config["class_weights"],
    }
    return frozenset(fact for fact, holds in facts.items() if holds)


def _is_few(model: TrainedModel) -> bool:
    """Whether all layers of an encoder learned from a few examples of each class."""
    each = learned_from(model.report) / max(len(model.classes), 1)
    return not model.manifest["config"]["freeze"] and each <= _FEW


def _vocabulary(open_file: Open, config: Mapping[str, Any]) -> dict[str, Any]:
    """What the ids of a model stand for: words, pieces, letters, or pieces that an encoder came with ("given")."""
    with open_file(TOKENIZER_FILE) as file:
        told = json.load(file)
    names = [token["content"] for token in told.get("added_tokens") or []]
    if "[BOS]" not in names:
        return {"unit": "given"}
    if told["model"]["type"] == "WordLevel":
        return {"unit": "words", "size": config["vocabulary"]}
    steps = told["pre_tokenizer"]["pretokenizers"]
    if any(step["type"] == "Metaspace" for step in steps):
        return {"unit": "pieces", "size": _PIECES}
    return {"unit": "letters", "size": min(config["vocabulary"], _SUBWORDS)}


def _data(model: TrainedModel) -> Iterator[Setting]:
    yield Setting("DATA", 'os.environ.get("DATA", "data.csv")', "a table with a header", False)
    yield Setting("TEXT", 'os.environ.get("TEXT", "input")', "the column of the sentences", False)
    yield Setting("LABEL", 'os.environ.get("LABEL", "label")', "the column of the classes", False)
    yield Setting("DELIMITER", ",")
    yield Setting("VALIDATION", "validation.csv", "which sentences Flash kept apart")
    yield Setting("CLASSES", list(model.classes), "in the order of the model's outputs")
    yield Setting("TRAINED_ON", model.report.get("train_count", 0), "sentences, of which Flash learned")
    yield Setting("SEED", model.manifest["config"]["seed"])


def _reading(
    model: TrainedModel, vocabulary: Mapping[str, Any], arguments: Mapping[str, Any]
) -> Iterator[Setting]:
    """How sentences become numbers."""
    config = model.manifest["config"]
    spec = ENCODERS.get(model.model_name)
    if spec is not None:
        yield from _encoder(spec, arguments, dropout=0.0 if config["freeze"] else config["dropout"])
    if "size" in vocabulary:
        yield Setting("VOCABULARY", vocabulary["size"], "ids, the commonest ones")
    yield Setting("MAX_LENGTH", config["max_length"], "ids of a sentence that are read")
    ngrams = arguments.get("ngrams", arguments)
    yield Setting("LONGEST_PHRASE", ngrams["order"], "ids in a row that count as one phrase")
    yield Setting("VECTOR_LENGTH", _VECTOR_LENGTH, "of each sentence's vector of phrases")


def _encoder(spec: EncoderSpec, arguments: Mapping[str, Any], *, dropout: float) -> Iterator[Setting]:
    folder = f'Path(os.environ.get("ENCODER", {json.dumps(spec.folder)}))'
    yield Setting("ENCODER", folder, "a folder with the files of the encoder", False)
    yield Setting("ADDRESS", spec.url("").rstrip("/"), "where they are fetched from")
    yield Setting("SHA256", dict(spec.digests), "of each")
    yield Setting("PREFIX", spec.prefix, "what each text begins with for this encoder")
    window = arguments.get("window") or arguments["length"]
    yield Setting("WINDOW", window, "ids that it reads at a time")
    yield Setting("LENGTH", arguments["length"], "ids of a text that it reads")
    yield Setting("DROPOUT", dropout, "share of the numbers that are left out while it learns")


def _learning(
    config: Mapping[str, Any], arguments: Mapping[str, Any], *, learns: bool, by_batches: bool
) -> Iterator[Setting]:
    """The hyperparameters."""
    if not (learns or by_batches):
        return
    yield from loop_settings(config)
    yield Setting("BATCH_SIZE", config["batch_size"], "sentences that are learned from at a time")
    yield Setting("LABEL_SMOOTHING", config["label_smoothing"], "share of the truth that all classes get")
    yield Setting("WEIGHT_DECAY", config["weight_decay"], "how much weights shrink")
    if "encoder" in arguments:
        layers = int(arguments["encoder"]["layers"])
        below = min(layers - 1, round(layers * config["frozen_share"]))
        yield Setting("FROZEN_LAYERS", below, f"of {layers}, the lowest ones, which do not learn")
        yield Setting("BACKBONE_RATE", config["backbone_rate"], "of the highest layer against the head")
    if "recurrent" in arguments:
        yield Setting("NETWORKS", config["networks"], "that vote")
        yield Setting("EMBEDDING", config["embedding"], "numbers of a word")
        yield Setting("HIDDEN", config["hidden"], "numbers of a state, in each direction")
        yield Setting("LAYERS", config["layers"])
        yield Setting("DROPOUT", config["dropout"], "share of the numbers left out while it learns")
        yield Setting("READ", _READ, "ids of a sentence that the networks read")
