"""The code that trains a model again, as files: a script, a notebook, and what both need."""

import dataclasses
import struct
from collections.abc import Callable
from functools import partial
from typing import Any

from modelstore.bundles.generated_code import Code, NoCode, notebook, script
from modelstore.bundles.standalone_files import Open, Opener, module_file, plain, text
from modelstore.models import TrainedModel
from training.bundle.manifest import VALIDATION_FILE
from training.kinds import kind_of, load
from training.score import ACCURACY, Score, show

SCRIPT, NOTEBOOK = "train.py", "train.ipynb"


def why_no_code(model: TrainedModel) -> str:
    """A sentence that says why there is none for this model; "" where there may be."""
    kind, config = kind_of(model.task_type), model.manifest.get("config") or {}
    if not kind.code:
        return f"There is no code for models of {kind.words.samples} yet."
    if model.score.name != ACCURACY:
        return "There is code only for models that give one class to each sample."
    if model.report.get("early"):
        return "There is no code for a first model, which is made while the training goes on."
    if VALIDATION_FILE not in model.manifest["files"] or "version" not in config:
        return "An earlier version of Flash trained this model and did not keep what its code would need."
    if model.report.get("previous"):
        return "This model went on from an earlier one, so code could not train it from its data alone."
    if not model.report.get("val_count"):
        return "This model was not measured, so its code could not be checked."
    return ""


def code_of(model: TrainedModel, open_file: Open) -> Code:
    """What the code of this model is made of; raises NoCode, and what `open_file` raises."""
    if why := why_no_code(model):
        raise NoCode(why)
    make: Callable[[TrainedModel, Open], Code] = load(f"{kind_of(model.task_type).code}:code_of")
    try:
        code = make(model, open_file)
    except (KeyError, TypeError, ValueError, struct.error) as error:
        raise NoCode("This model's files do not tell all that its code would need.") from error
    return dataclasses.replace(code, title=_title(model), about=_about(model), words=_words(model))


def code_files(model: TrainedModel, open_file: Open) -> dict[str, Opener]:
    """Names and what opens each file; raises as `code_of`."""
    code = code_of(model, open_file)
    files: dict[str, Opener] = {
        SCRIPT: text(script(code)),
        NOTEBOOK: text(notebook(code)),
        "requirements.txt": text(_requirements(model, code)),
        **{name: partial(open_file, name) for name in (VALIDATION_FILE, *code.files)},
    }
    return files | {f"{name.rpartition('.')[2]}.py": plain(module_file(name)) for name in code.modules}


def _title(model: TrainedModel) -> str:
    return f"Trains “{' '.join(model.task_name.split())}” again, without Flash"


def _about(model: TrainedModel) -> str:
    kind = kind_of(model.task_type)
    title = next((spec.title for spec in kind.models if spec.name == model.model_name), model.model_name)
    return (
        f"{title}, {len(model.classes)} classes, plain PyTorch. What Flash chose for this model stands\n"
        "below as constants. Put your data where DATA says, beside the other files that\n"
        "came with this one, and run the cells one after another."
    )


def _words(model: TrainedModel) -> dict[str, str]:
    score, folds = model.score, model.report.get("folds")
    if folds:
        # The code measures on the first fold alone.
        score = Score(name=score.name, value=folds["first"]["score"]["value"])
    ends = [show(score.name, end) for end in score.interval] if score.interval else []
    return {
        "accuracy": score.shown,
        "samples": kind_of(model.task_type).words.samples,
        "interval": f"\n(on as many new ones very likely between {ends[0]} and {ends[1]})" if ends else "",
    }


def _requirements(model: TrainedModel, code: Code) -> str:
    versions: dict[str, Any] = model.manifest.get("versions") or {}
    pinned = [
        f"{name}=={str(versions[name]).partition('+')[0]}" for name in ("torch", "numpy") if name in versions
    ]
    return "\n".join([*pinned, *code.requirements]) + "\n"
