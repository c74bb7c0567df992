from torch.nn.functional import dropout


# %% [markdown]
# ## The layers that learn
# The lower layers stay as they came, so what they make of the sentences is computed
# once. The upper ones learn, from a head that was fitted to what they gave before: the
# lower a layer, the more slowly.


# %%
class Top(nn.Module):
    """The layers that learn, and the head."""

    def __init__(self, layers, head):
        super().__init__()
        self.layers, self.head = layers, head

    def forward(self, states, there, owners, count):
        """Logits [count, C] of windows [M, T, W]; `owners` [M] tells whose each is."""
        for layer in self.layers:
            states = layer(states, src_key_padding_mask=~there)
        # if: mean
        there = there[..., None]
        zeros = states.new_zeros(count, states.shape[2])
        sums = zeros.index_add(0, owners, (states * there).sum(1))
        lengths = zeros[:, :1].index_add(0, owners, there.sum(1).to(states.dtype))
        vectors = sums / lengths
        # end
        # if: first
        vectors = states[:, 0]
        # end
        return self.head(dropout(vectors, DROPOUT, self.training))


@torch.no_grad()
def lower_states(row):
    """Of each window of a text what the layers below make of it, [T, W]."""
    found = []
    for window in windows_of(row):
        states = encoder.embed(window[None].to(device))
        for layer in encoder.layers[:FROZEN_LAYERS]:
            states = layer(states)
        found.append(states[0].half())
    return found


def logits_of(top, which):
    windows = [(n, w) for n, place in enumerate(which) for w in below[place]]
    states = pad_sequence([w for _, w in windows], batch_first=True).float()
    lengths = torch.tensor([len(w) for _, w in windows], device=device)
    there = torch.arange(states.shape[1], device=device) < lengths[:, None]
    owners = torch.tensor([n for n, _ in windows], device=device)
    return top(states, there, owners, len(which))


def batches_of(epoch):
    """Sentences of similar length together, in an order of chance."""
    order = train[torch.randperm(len(train))]
    batches = []
    for some in order.split(40 * BATCH_SIZE):
        by_length = sorted(some.tolist(), key=lambda place: len(ids[place]))
        batches += torch.tensor(by_length).split(BATCH_SIZE)
    return [batches[i] for i in torch.randperm(len(batches))]


def loss_of(batch, epoch):
    return cross_entropy(
        logits_of(top, batch),
        labels[batch].to(device),
        None if class_weights is None else class_weights.to(device),
        label_smoothing=LABEL_SMOOTHING,
    )


@torch.no_grad()
def own_logits(top):
    order = torch.tensor(sorted(validation.tolist(), key=lambda place: len(ids[place])))
    found = torch.zeros(len(texts), len(CLASSES))
    for batch in order.split(32):
        found[batch] = logits_of(top, batch).cpu()
    return found[validation]


@torch.no_grad()
def evaluate(top):
    """Of the layers and the phrases together, as they will answer."""
    own, truth = own_logits(top), labels[validation]
    with torch.enable_grad():
        factors = votes(own, of_phrases, truth)
    logits = factors[0] * own + factors[1] * of_phrases
    right = (logits.argmax(1) == truth).float().mean()
    return cross_entropy(logits, truth).item(), right.item()


weight, bias = fit_head(embedded(encoder, ids), train)
head = nn.Linear(*weight.shape)
head.load_state_dict({"weight": weight.T.contiguous(), "bias": bias})
below = [lower_states(row) for row in ids]
top = Top(encoder.layers[FROZEN_LAYERS:], head).to(device)
groups, rate = [], 1.0
for layer in [top.head, *reversed(top.layers)]:
    own = list(layer.parameters())
    groups.append(([p for p in own if p.ndim > 1], rate, WEIGHT_DECAY))
    groups.append(([p for p in own if p.ndim <= 1], rate, 0.0))
    rate *= BACKBONE_RATE if layer is top.head else 0.8
top.load_state_dict(train_loop(top, groups, batches_of, loss_of, evaluate))

# %%
top.eval()
own, truth = own_logits(top), labels[validation]
factors = votes(own, of_phrases, truth)
logits = factors[0] * own + factors[1] * of_phrases
measured(logits, truth)
factors = factors * sureness(logits, truth)
# The phrases of all sentences vote in the model that is kept.
phrase_fit = fit_phrases(torch.arange(len(texts)), strength)
head = top.head.cpu()
with torch.no_grad():
    head.weight *= factors[0]
    head.bias *= factors[0]
