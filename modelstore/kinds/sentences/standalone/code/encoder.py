import json
import warnings
from pathlib import Path

from safetensors.torch import load_file
from tokenizers import Tokenizer
from torch import nn
from torch.nn.utils.rnn import pad_sequence


# %% [markdown]
# ## The encoder
# A BERT that has read a great deal, and makes a vector of each sentence. Its files are
# fetched once, unless ENCODER is a folder that has them.


# %%
def fetched(name):
    path = ENCODER / name
    if not path.exists():
        print(f"fetching {name}")
        ENCODER.mkdir(parents=True, exist_ok=True)
        torch.hub.download_url_to_file(f"{ADDRESS}/{name}", path, SHA256.get(name))
    return path


class Encoder(nn.Module):
    """Embeddings of pieces of words and of their places, then layers of attention."""

    def __init__(self, config):
        super().__init__()
        width, epsilon = config["hidden_size"], config["layer_norm_eps"]
        heads, inner = config["num_attention_heads"], config["intermediate_size"]
        self.pieces = nn.Embedding(config["vocab_size"], width)
        # RoBERTa counts from the id of padding, which has a place of its own.
        counts = config["model_type"] == "xlm-roberta"
        self.first = config["pad_token_id"] + 1 if counts else 0
        self.places = nn.Embedding(config["max_position_embeddings"], width)
        self.norm = nn.LayerNorm(width, epsilon)
        self.layers = nn.ModuleList(
            nn.TransformerEncoderLayer(
                width, heads, inner, DROPOUT, "gelu", epsilon, batch_first=True
            )
            for _ in range(config["num_hidden_layers"])
        )

    def embed(self, ids):
        places = torch.arange(ids.shape[1], device=ids.device) + self.first
        return self.norm(self.pieces(ids) + self.places(places))

    def forward(self, ids, there):
        """States [B, T, W] of ids [B, T]; `there` [B, T] tells which are no padding."""
        states = self.embed(ids)
        for layer in self.layers:
            states = layer(states, src_key_padding_mask=~there)
        return states

    def load(self, theirs):
        """Takes the tensors by the names that they have in the file."""
        for prefix in ("bert.", "roberta."):
            theirs = {name.removeprefix(prefix): t for name, t in theirs.items()}
        embeddings = {
            name: theirs[f"embeddings.{name}_embeddings.weight"]
            for name in ("word", "position", "token_type")
        }
        own = {"pieces.weight": embeddings["word"]}
        own["places.weight"] = embeddings["position"] + embeddings["token_type"][0]
        pairs = [("norm", "embeddings.LayerNorm")]
        for n in range(len(self.layers)):
            layer = f"encoder.layer.{n}"
            for kind in ("weight", "bias"):
                whole = [
                    f"{layer}.attention.self.{x}" for x in ("query", "key", "value")
                ]
                tensors = [theirs[f"{name}.{kind}"] for name in whole]
                own[f"layers.{n}.self_attn.in_proj_{kind}"] = torch.cat(tensors)
            pairs += [
                (f"layers.{n}.self_attn.out_proj", f"{layer}.attention.output.dense"),
                (f"layers.{n}.norm1", f"{layer}.attention.output.LayerNorm"),
                (f"layers.{n}.linear1", f"{layer}.intermediate.dense"),
                (f"layers.{n}.linear2", f"{layer}.output.dense"),
                (f"layers.{n}.norm2", f"{layer}.output.LayerNorm"),
            ]
        for ours, name in pairs:
            for kind in ("weight", "bias"):
                own[f"{ours}.{kind}"] = theirs[f"{name}.{kind}"]
        self.load_state_dict({name: tensor.float() for name, tensor in own.items()})


def windows_of(row):
    """Long texts are read part by part, up to LENGTH ids."""
    row = torch.tensor(row[:LENGTH])
    return row.split(WINDOW)


def padded(windows):
    ids = pad_sequence(windows, batch_first=True).to(device)
    lengths = torch.tensor([len(window) for window in windows], device=device)
    return ids, torch.arange(ids.shape[1], device=device) < lengths[:, None]


@torch.no_grad()
def embedded(encoder, rows):
    """What it makes of each text, [N, W]."""
    encoder.eval()
    windows = [(place, w) for place, row in enumerate(rows) for w in windows_of(row)]
    windows.sort(key=lambda window: len(window[1]))
    sums = torch.zeros(len(rows), encoder.norm.weight.numel())
    counts = torch.zeros(len(rows))
    for start in range(0, len(windows), 32):
        some = windows[start : start + 32]
        places = torch.tensor([place for place, _ in some])
        ids, there = padded([window for _, window in some])
        states = encoder(ids, there)
        # if: mean
        # The mean of the states of its pieces.
        there = there[..., None]
        sums.index_add_(0, places, (states * there).sum(1).cpu())
        counts.index_add_(0, places, there.sum((1, 2)).float().cpu())
        # end
        # if: first
        # The state of its first piece.
        sums[places], counts[places] = states[:, 0].cpu(), 1.0
        # end
    return sums / counts[:, None]


warnings.filterwarnings("ignore", "The PyTorch API of nested tensors")
tokenizer = Tokenizer.from_file(str(fetched("tokenizer.json")))
tokenizer.enable_truncation(MAX_LENGTH)
tokenizer.no_padding()


def ids_of(texts):
    return [found.ids for found in tokenizer.encode_batch([PREFIX + t for t in texts])]


ids = ids_of(texts)
encoder = Encoder(json.loads(fetched("config.json").read_text()))
encoder.load(load_file(fetched("model.safetensors")))
encoder = encoder.to(device).eval()
