# %%
rows = [ids[place] for place in train]
known = Phrases(rows)
rows_of = [known.vector(row) for row in ids]
width = len(known.place)
linear = nn.Linear(width, len(CLASSES))
nn.init.zeros_(linear.weight)
nn.init.zeros_(linear.bias)


def logits_of(linear, which):
    vectors = Vectors([rows_of[place] for place in which], width)
    return vectors @ linear.weight.T + linear.bias


def batches_of(epoch):
    return train[torch.randperm(len(train))].split(BATCH_SIZE)


def loss_of(batch, epoch):
    return cross_entropy(
        logits_of(linear, batch),
        labels[batch],
        class_weights,
        label_smoothing=LABEL_SMOOTHING,
    )


@torch.no_grad()
def evaluate(linear):
    logits, truth = logits_of(linear, validation), labels[validation]
    right = (logits.argmax(1) == truth).float().mean()
    return cross_entropy(logits, truth).item(), right.item()


groups = [([linear.weight], 1.0, WEIGHT_DECAY), ([linear.bias], 1.0, 0.0)]
linear.load_state_dict(train_loop(linear, groups, batches_of, loss_of, evaluate))

# %%
with torch.no_grad():
    logits = logits_of(linear, validation)
measured(logits, labels[validation])
scale = sureness(logits, labels[validation])
weight, bias = linear.weight.detach().T * scale, linear.bias.detach() * scale
