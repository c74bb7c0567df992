from torch.nn.functional import embedding_bag


# %% [markdown]
# ## Words and phrases
# A linear model of the words and phrases of a sentence, each weighed by how rare it is
# (tf-idf). Phrases that occur only once are left out.


# %%
def phrases(row):
    """All runs of up to LONGEST_PHRASE ids."""
    lengths = range(1, LONGEST_PHRASE + 1)
    return [tuple(row[i : i + n]) for n in lengths for i in range(len(row) - n + 1)]


class Vectors:
    """Sparse vectors [N, F], (places, values) of each, to be multiplied by a matrix."""

    def __init__(self, rows, width):
        self.rows, self.shape = rows, (len(rows), width)
        lengths = torch.tensor([0, *(len(places) for places, _ in rows[:-1])])
        self.begins = lengths.cumsum(0)
        self.places = torch.cat([places for places, _ in rows])
        self.values = torch.cat([values for _, values in rows])

    def __matmul__(self, weight):
        return embedding_bag(
            self.places,
            weight,
            self.begins,
            mode="sum",
            per_sample_weights=self.values,
        )

    def padded(self):
        """Places and values [N, K], with zeros behind them."""
        return tuple(pad_sequence(part, batch_first=True) for part in zip(*self.rows))


class Phrases:
    """The phrases of some sentences, and how rare each is."""

    def __init__(self, rows):
        found = [Counter(phrases(row)) for row in rows]
        sentences = Counter(phrase for counts in found for phrase in counts)
        often = Counter()
        for counts in found:
            often.update(counts)
        kept = [p for p in sentences if len(p) == 1 or often[p] > 1]
        self.place = {phrase: place for place, phrase in enumerate(kept)}
        seen = torch.tensor([sentences[phrase] for phrase in kept])
        self.rarity = ((len(rows) + 1) / (seen + 1)).log() + 1

    def vector(self, row):
        counts = Counter(p for p in phrases(row) if p in self.place)
        places = torch.tensor([self.place[p] for p in counts], dtype=torch.long)
        values = torch.tensor(list(counts.values())) * self.rarity[places]
        # All sentences are vectors of one length, however many words they have.
        return places, VECTOR_LENGTH * values / values.norm().clamp(min=1e-6)

    def vectors(self, rows):
        return Vectors([self.vector(row) for row in rows], len(self.place))
