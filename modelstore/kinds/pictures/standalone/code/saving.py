# %% [markdown]
# ## The model
# `model.pt` for PyTorch, `model.onnx` for everything else: pictures uint8 [N, S, S, 3]
# in, probabilities [N, C] out.


# %%
class Probabilities(nn.Module):
    """What is exported."""

    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, pixels):
        return self.model(pixels).softmax(1)


model = model.cpu().eval()
torch.save({"classes": CLASSES, "state_dict": model.state_dict()}, "model.pt")
# The exporter knows no fused attention.
torch.backends.mha.set_fastpath_enabled(False)
torch.onnx.export(
    Probabilities(model),
    (pixels[:2],),
    "model.onnx",
    input_names=["pixels"],
    output_names=["probabilities"],
    dynamic_axes={"pixels": {0: "batch"}, "probabilities": {0: "batch"}},
    dynamo=False,
)
print("model.pt and model.onnx are written")
