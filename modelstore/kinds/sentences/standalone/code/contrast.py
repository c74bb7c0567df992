import copy

from torch.nn import functional


# %% [markdown]
# ## Learning from a few examples
# All layers learn how the classes differ: of the neighbours of a sentence in its batch,
# those of its class shall be the likely ones (supervised contrastive learning).


# %%
def batches_of_pairs(which):
    """Everything where that is one batch, else pairs of all classes in turn."""
    if len(which) <= 64:
        while True:
            yield which
    pairs = []
    while True:
        if len(pairs) < 32:
            own = [which[labels[which] == c] for c in labels[which].unique()]
            fresh = [p for o in own for p in o[torch.randperm(len(o))].split(2)]
            pairs += [fresh[i] for i in torch.randperm(len(fresh))]
        yield torch.cat(pairs[:32])
        del pairs[:32]


def contrasted(encoder, which):
    """A copy of the encoder that has learned from the sentences at these places."""
    encoder = copy.deepcopy(encoder).eval()
    learning = list(encoder.layers.parameters())
    steps = max(20, round(4 * len(which) / 64))
    groups = [
        {"params": [p for p in learning if p.ndim > 1], "weight_decay": 0.01},
        {"params": [p for p in learning if p.ndim <= 1], "weight_decay": 0.0},
    ]
    optimizer = torch.optim.AdamW(groups, lr=1e-4)
    batches = batches_of_pairs(which)
    for step in range(steps):
        done = step / steps
        for group in optimizer.param_groups:
            group["lr"] = 1e-4 * min(done / 0.1 + 0.05, (1 - done) / 0.9, 1.0)
        batch = next(batches)
        read, there = padded([windows_of(ids[place])[0] for place in batch])
        states = encoder(read, there)
        # if: mean
        vectors = (states * there[..., None]).sum(1) / there.sum(1, keepdim=True)
        # end
        # if: first
        vectors = states[:, 0]
        # end
        unit = functional.normalize(vectors)
        itself = torch.eye(len(batch), dtype=torch.bool, device=device)
        near = (unit @ unit.T / 0.1).masked_fill(itself, -torch.inf).log_softmax(1)
        truth = labels[batch].to(device)
        alike = (truth[:, None] == truth) & ~itself
        likely = near.masked_fill(~alike, 0.0).sum(1) / alike.sum(1).clamp(min=1)
        loss = -likely[alike.any(1)].mean()
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(learning, 1.0)
        optimizer.step()
    return encoder
