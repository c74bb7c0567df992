from torch import nn
from torch.nn.utils.rnn import pad_sequence


# %% [markdown]
# ## The model
# `model.pt` for PyTorch, `model.onnx` for everything else; `answer` shows what goes in.


# %%
class Classifier(nn.Module):
    """All of it, from numbers to probabilities [N, C]."""

    def __init__(self):
        super().__init__()
        self.weight, self.bias = nn.Parameter(weight), nn.Parameter(bias)
        # if: encoder
        self.encoder, self.head = encoder.cpu(), head
        # end
        # if: recurrent
        self.readers = readers
        # end

    def phrases(self, places, values):
        """Places and values [N, K] of the phrases of each sentence; 0 is none."""
        return (self.weight[places] * values[..., None]).sum(1) + self.bias

    # if: ngrams
    def forward(self, places, values):
        return self.phrases(places, values).softmax(1)

    # end
    # if: encoder
    def forward(self, ids, there, belongs, places, values):
        """Windows [M, T], where they are no padding, and which are whose [N, M]."""
        states = self.encoder(ids, there)
        # if: mean
        there = there[..., None].float()
        vectors = belongs @ (states * there).sum(1) / (belongs @ there.sum(1))
        # end
        # if: first
        vectors = belongs @ states[:, 0]
        # end
        return (self.head(vectors) + self.phrases(places, values)).softmax(1)

    # end
    # if: recurrent
    def forward(self, ids, lengths, places, values):
        logits = self.readers(ids, lengths)
        return (logits + self.phrases(places, values)).softmax(1)

    # end


def inputs_of(texts):
    """What the model takes for these sentences."""
    rows = ids_of(texts)
    # if: ngrams
    return known.vectors(rows).padded()
    # end
    # if: encoder
    windows = [(n, w) for n, row in enumerate(rows) for w in windows_of(row)]
    read = pad_sequence([w for _, w in windows], batch_first=True)
    lengths = torch.tensor([len(w) for _, w in windows])
    there = torch.arange(read.shape[1]) < lengths[:, None]
    belongs = torch.zeros(len(rows), len(windows))
    belongs[[n for n, _ in windows], range(len(windows))] = 1.0
    return read, there, belongs, *known.vectors(rows).padded()
    # end
    # if: recurrent
    read = [torch.tensor(row[:READ]) for row in rows]
    lengths = torch.tensor([len(row) for row in read])
    ids = pad_sequence(read, batch_first=True)
    return ids, lengths, *known.vectors(rows).padded()
    # end


@torch.no_grad()
def answer(texts):
    for text, shares in zip(texts, model(*inputs_of(texts))):
        print(f"{CLASSES[shares.argmax()]} ({shares.max():.1%}): {text[:60]}")


# if: votes
known, weight, bias = phrase_fit
weight, bias = factors[1] * weight, factors[1] * bias
# end
model = Classifier().eval()
torch.save({"classes": CLASSES, "state_dict": model.state_dict()}, "model.pt")
tokenizer.save("model-tokenizer.json")
names = ["places", "values"]
axes = {"places": {0: "texts", 1: "phrases"}, "values": {0: "texts", 1: "phrases"}}
# if: encoder
names = ["ids", "there", "belongs", *names]
axes["ids"] = axes["there"] = {0: "windows", 1: "pieces"}
axes["belongs"] = {0: "texts", 1: "windows"}
# The exporter knows no fused attention.
torch.backends.mha.set_fastpath_enabled(False)
# end
# if: recurrent
names = ["ids", "lengths", *names]
axes["ids"], axes["lengths"] = {0: "texts", 1: "words"}, {0: "texts"}
# end
torch.onnx.export(
    model,
    inputs_of(texts[:3]),
    "model.onnx",
    input_names=names,
    output_names=["probabilities"],
    dynamic_axes=axes | {"probabilities": {0: "texts"}},
    dynamo=False,
)
print("model.pt and model.onnx are written")
answer(texts[:3])
