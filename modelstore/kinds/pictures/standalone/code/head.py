# %% [markdown]
# ## The last layer
# Each picture goes through the network once, which stays as it came. The last layer is
# fitted to what the network makes of them: logistic regression.


# %%
def head_of(features, labels):
    """Weight [C, F] and bias [C] for raw features, fitted to scaled ones."""
    mean, deviation = features.mean(0), features.std(0, correction=0)
    # What hardly varies is not blown up.
    deviation = deviation.clamp(min=0.1 * deviation.mean().item() + 1e-6)
    penalty = PENALTY * min(1.0, 3000 / len(labels))
    weight, bias = fit_linear((features - mean) / deviation, labels, penalty)
    weight = weight / deviation[:, None]
    return {"weight": weight.T.contiguous(), "bias": bias - mean @ weight}


features = in_batches(model.features, torch.arange(len(pixels)))
model.head.load_state_dict(head_of(features[train], labels[train]))
logits = in_batches(model, validation)
