"""An earlier model's encoder, from which a continued training starts."""

import torch
from torch import Tensor

from training.bundle.previous import Previous
from training.ground.events import Events
from training.kinds.sentences.encoders.bert import Bert


def load_trained(encoder: Bert, previous: Previous, model: str, events: Events) -> frozenset[str] | None:
    """Puts the layers of an earlier `model` into the encoder; None where the earlier one is another.

    Answers the names of the tensors that are others than before.
    """
    path = previous.weights_file(model)
    if path is None:
        return None
    state: dict[str, Tensor] = torch.load(path, map_location="cpu", weights_only=True)["state_dict"]
    # What a model knows of single words never learns, and of which words depends on the sentences.
    own, prefix = encoder.layers.state_dict(), "encoder.layers."
    found = {name.removeprefix(prefix): value for name, value in state.items() if name.startswith(prefix)}
    if {name: value.shape for name, value in found.items()} != {n: value.shape for n, value in own.items()}:
        events.log(
            "The earlier model's encoder is of another form, so the training starts from the original."
        )
        return None
    changed = frozenset(
        f"layers.{name}" for name, value in found.items() if not torch.equal(value.float(), own[name])
    )
    encoder.layers.load_state_dict(found)
    events.log("The training starts from the earlier model's encoder.")
    return changed
