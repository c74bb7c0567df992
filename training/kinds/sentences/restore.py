"""Builds a model for sentences again from what model.pt holds."""

from typing import Any

from torch import nn

from training.kinds.sentences.blended import BlendedClassifier
from training.kinds.sentences.catalog import NGRAMS
from training.kinds.sentences.encoders.classifier import EncoderClassifier
from training.kinds.sentences.encoders.specs import ENCODERS
from training.kinds.sentences.ngrams import NGramClassifier


def restored(saved: dict[str, Any]) -> nn.Module:
    """The module, with its weights."""
    state, arguments = saved["state_dict"], saved["arguments"]
    module: nn.Module
    if saved["model"] == NGRAMS:
        module = NGramClassifier(state["keys"], state["idf"], **arguments)
    elif saved["model"] in ENCODERS:
        module = EncoderClassifier.from_arguments(state, arguments)
    else:
        module = BlendedClassifier.from_arguments(state, arguments)
    module.load_state_dict(state)
    return module
