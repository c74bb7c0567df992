# %% [markdown]
# ## The head
# A linear layer, trained on what the encoder makes of each sentence.

# %%
features = embedded(encoder, ids)
scaled = features / features.std(0).mean()
linear = nn.Linear(scaled.shape[1], len(CLASSES))
nn.init.zeros_(linear.weight)
nn.init.zeros_(linear.bias)


def batches_of(epoch):
    return train[torch.randperm(len(train))].split(BATCH_SIZE)


def loss_of(batch, epoch):
    return cross_entropy(
        linear(scaled[batch]),
        labels[batch],
        class_weights,
        label_smoothing=LABEL_SMOOTHING,
    )


@torch.no_grad()
def evaluate(linear):
    logits, truth = linear(scaled[validation]), labels[validation]
    right = (logits.argmax(1) == truth).float().mean()
    return cross_entropy(logits, truth).item(), right.item()


groups = [([linear.weight], 1.0, WEIGHT_DECAY), ([linear.bias], 1.0, 0.0)]
linear.load_state_dict(train_loop(linear, groups, batches_of, loss_of, evaluate))
with torch.no_grad():
    own, truth = linear(scaled[validation]), labels[validation]
factors = votes(own, of_phrases, truth)
