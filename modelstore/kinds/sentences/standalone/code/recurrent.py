from torch import nn
from torch.nn.functional import dropout
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence, pad_sequence


# %% [markdown]
# ## The networks
# They read each sentence in both directions. Several start differently and vote.


# %%
class Reader(nn.Module):
    """Embedding, recurrent layers, maximum and mean of the states, a linear layer."""

    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(tokenizer.get_vocab_size(), EMBEDDING, 0)
        widths = [EMBEDDING] + [2 * HIDDEN] * (LAYERS - 1)
        # if: lstm
        cell = nn.LSTM
        # end
        # if: gru
        cell = nn.GRU
        # end
        self.layers = nn.ModuleList(
            cell(width, HIDDEN, batch_first=True, bidirectional=True)
            for width in widths
        )
        self.head = nn.Linear(4 * HIDDEN, len(CLASSES))
        nn.init.normal_(self.embedding.weight, std=0.3)
        # Words that it will not learn say nothing.
        learned = torch.zeros(tokenizer.get_vocab_size(), dtype=torch.bool)
        for place in train:
            learned[ids[place]] = True
        self.embedding.weight.data[~learned] = 0

    def dropped(self, states):
        """Dropout with one mask for all words of a sentence."""
        if not self.training:
            return states
        return states * dropout(torch.ones_like(states[:, :1]), DROPOUT)

    def forward(self, ids, lengths):
        states = self.embedding(ids)
        for number, layer in enumerate(self.layers):
            states = self.dropped(states) if number else states
            packed = pack_padded_sequence(
                states, lengths.cpu(), batch_first=True, enforce_sorted=False
            )
            states, _ = pad_packed_sequence(layer(packed)[0], batch_first=True)
        places = torch.arange(ids.shape[1], device=ids.device)
        there = (places < lengths[:, None])[..., None]
        highest = states.masked_fill(~there, -10.0).amax(1)
        mean = states.masked_fill(~there, 0.0).sum(1) / lengths[:, None]
        both = torch.cat([highest, mean], 1)[:, None]
        return self.head(self.dropped(both)[:, 0])


class Readers(nn.Module):
    """Several, whose logits are averaged."""

    def __init__(self):
        super().__init__()
        self.members = nn.ModuleList(Reader() for _ in range(NETWORKS))

    def each(self, ids, lengths):
        return [member(ids, lengths) for member in self.members]

    def forward(self, ids, lengths):
        return torch.stack(self.each(ids, lengths)).mean(0)


def padded(which):
    """Ids [B, T] of the sentences at these places and their lengths [B]."""
    rows = [torch.tensor(ids[place][:READ]) for place in which]
    lengths = torch.tensor([len(row) for row in rows])
    return pad_sequence(rows, batch_first=True).to(device), lengths.to(device)


def batches_of(epoch):
    """Sentences of similar length together, in an order of chance."""
    order = train[torch.randperm(len(train))]
    batches = []
    for some in order.split(40 * BATCH_SIZE):
        by_length = sorted(some.tolist(), key=lambda place: len(ids[place]))
        batches += torch.tensor(by_length).split(BATCH_SIZE)
    return [batches[i] for i in torch.randperm(len(batches))]


def loss_of(batch, epoch):
    """Each network learns as if it were alone."""
    truth = labels[batch].to(device)
    weights = None if class_weights is None else class_weights.to(device)
    losses = [
        cross_entropy(logits, truth, weights, label_smoothing=LABEL_SMOOTHING)
        for logits in readers.each(*padded(batch))
    ]
    return sum(losses)


@torch.no_grad()
def own_logits(readers):
    order = torch.tensor(sorted(validation.tolist(), key=lambda place: len(ids[place])))
    found = torch.zeros(len(texts), len(CLASSES))
    for batch in order.split(64):
        found[batch] = readers(*padded(batch)).cpu()
    return found[validation]


@torch.no_grad()
def evaluate(readers):
    """Of the networks and the phrases together, as they will answer."""
    own, truth = own_logits(readers), labels[validation]
    with torch.enable_grad():
        factors = votes(own, of_phrases, truth)
    logits = factors[0] * own + factors[1] * of_phrases
    right = (logits.argmax(1) == truth).float().mean()
    return cross_entropy(logits, truth).item(), right.item()


readers = Readers().to(device)
groups = [(list(readers.parameters()), 1.0, WEIGHT_DECAY)]
readers.load_state_dict(train_loop(readers, groups, batches_of, loss_of, evaluate))

# %%
readers.eval()
own, truth = own_logits(readers), labels[validation]
factors = votes(own, of_phrases, truth)
logits = factors[0] * own + factors[1] * of_phrases
measured(logits, truth)
factors = factors * sureness(logits, truth)
# The phrases of all sentences vote in the model that is kept.
phrase_fit = fit_phrases(torch.arange(len(texts)), strength)
readers = readers.cpu()
with torch.no_grad():
    for member in readers.members:
        member.head.weight *= factors[0]
        member.head.bias *= factors[0]
