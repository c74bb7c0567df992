# %% [markdown]
# ## The last layer
# Each picture goes through the network once, which stays as it came. The last layer is
# trained on what the network makes of them.

# %%
features = in_batches(model.features, torch.arange(len(pixels)))
mean, deviation = features[train].mean(0), features[train].std(0, correction=0)
deviation = deviation.clamp(min=0.1 * deviation.mean().item() + 1e-6)
scaled = (features - mean) / deviation
layer = nn.Linear(scaled.shape[1], len(CLASSES))
nn.init.zeros_(layer.weight)
nn.init.zeros_(layer.bias)


def batches_of(epoch):
    order = torch.randperm(len(train))
    return train[order].split(BATCH_SIZE)


def loss_of(batch, epoch):
    return cross_entropy(
        layer(scaled[batch]),
        labels[batch],
        class_weights,
        label_smoothing=LABEL_SMOOTHING,
    )


@torch.no_grad()
def evaluate(layer):
    logits, truth = layer(scaled[validation]), labels[validation]
    right = (logits.argmax(1) == truth).float().mean()
    return cross_entropy(logits, truth).item(), right.item()


groups = [([layer.weight], 1.0, WEIGHT_DECAY), ([layer.bias], 1.0, 0.0)]
state = train_loop(layer, groups, batches_of, loss_of, evaluate)

# %%
# Back to raw features, which the layer gets from the network.
weight = state["weight"] / deviation
state = {"weight": weight, "bias": state["bias"] - weight @ mean}
model.head.load_state_dict(state)
logits = in_batches(model, validation)
measured(logits, labels[validation])
scale = sureness(logits, labels[validation]).to(device)
with torch.no_grad():
    model.head.weight *= scale
    model.head.bias *= scale
