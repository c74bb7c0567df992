"""The encoder against PyTorch's own layers, with padding, and files that hold none."""

import dataclasses

import pytest
import torch
from torch import nn

from tests.training.tiny_encoder import HEADS, INNER, LAYERS, PLACES, WIDTH, hub_state, write_encoder
from training.kinds.sentences.encoders.bert import Bert, BertShape, NotAnEncoder, pooled, presence
from training.kinds.sentences.encoders.specs import CONFIG_FILE
from training.kinds.sentences.encoders.states import embed

VOCABULARY = 50
SHAPE = BertShape(
    vocabulary=VOCABULARY, width=WIDTH, layers=LAYERS, heads=HEADS, inner=INNER, places=PLACES, epsilon=1e-12
)
IDS = torch.tensor([[2, 7, 9, 3, 0, 0], [2, 5, 6, 11, 30, 3]])


def loaded(state=None):
    encoder = Bert(SHAPE)
    encoder.load_hub(state or hub_state(VOCABULARY))
    return encoder.eval()


def by_torch(state, ids):
    """The same arithmetic by torch.nn.TransformerEncoderLayer."""
    embedded = (
        state["embeddings.word_embeddings.weight"][ids]
        + state["embeddings.position_embeddings.weight"][: ids.shape[1]]
        + state["embeddings.token_type_embeddings.weight"][0]
    )
    norm = state["embeddings.LayerNorm.weight"], state["embeddings.LayerNorm.bias"]
    states = nn.functional.layer_norm(embedded, (WIDTH,), *norm, 1e-12)
    for number in range(LAYERS):
        layer = nn.TransformerEncoderLayer(
            WIDTH, HEADS, INNER, activation="gelu", batch_first=True, layer_norm_eps=1e-12
        ).eval()
        own = {n.removeprefix(f"encoder.layer.{number}."): t for n, t in state.items()}
        parts = [f"attention.self.{name}" for name in ("query", "key", "value")]
        named = {"self_attn.in_proj_weight": torch.cat([own[f"{p}.weight"] for p in parts])}
        named["self_attn.in_proj_bias"] = torch.cat([own[f"{p}.bias"] for p in parts])
        others = {
            "self_attn.out_proj": "attention.output.dense",
            "norm1": "attention.output.LayerNorm",
            "linear1": "intermediate.dense",
            "linear2": "output.dense",
            "norm2": "output.LayerNorm",
        }
        for theirs, hub in others.items():
            named |= {f"{theirs}.{kind}": own[f"{hub}.{kind}"] for kind in ("weight", "bias")}
        layer.load_state_dict(named)
        states = layer(states, src_key_padding_mask=ids == 0)
    return states


@torch.no_grad()
def test_the_first_token_may_stand_for_a_text():
    encoder = loaded()
    states = encoder(IDS)
    assert torch.equal(pooled(states, IDS, dataclasses.replace(SHAPE, pooling="first")), states[:, 0])


@torch.no_grad()
def test_rows_of_another_order_and_later_places_are_found():
    """As RoBERTa has them: places begin at the third row, and ids are put into another order."""
    order = torch.tensor([1, 0, *range(2, 20)])
    state = hub_state(VOCABULARY)
    few = dataclasses.replace(SHAPE, vocabulary=20, places=PLACES - 2)
    encoder = Bert(few)
    encoder.load_hub(state, order, 2)
    words = state["embeddings.word_embeddings.weight"][order].half().float()
    assert torch.equal(encoder.words.weight, words)
    places, kinds = (state[f"embeddings.{name}_embeddings.weight"] for name in ("position", "token_type"))
    assert torch.equal(encoder.places.weight, (places[2:] + kinds[0]).half().float())
    with pytest.raises(NotAnEncoder, match="has 50 rows, too few for its tokenizer"):
        Bert(few).load_hub(state, torch.tensor([0, 50]))


@torch.no_grad()
def test_it_computes_what_pytorchs_own_layers_compute():
    state = {name: tensor.half().float() for name, tensor in hub_state(VOCABULARY).items()}
    # What is added up is rounded, too.
    places, kinds = (f"embeddings.{name}_embeddings.weight" for name in ("position", "token_type"))
    state[places] = (state[places] + state[kinds][0]).half() - state[kinds][0]
    found, expected = loaded(state)(IDS), by_torch(state, IDS)
    there = IDS != 0
    assert torch.allclose(found[there], expected[there], atol=1e-5)


@torch.no_grad()
def test_padding_changes_nothing():
    encoder = loaded()
    alone = pooled(encoder(IDS[:1, :4]), IDS[:1, :4], SHAPE)
    assert torch.allclose(pooled(encoder(IDS), IDS, SHAPE)[:1], alone, atol=1e-5)


def test_it_learns_from_16_bits_what_it_learns_from_32():
    """With gradients a CPU computes attention in 16 bits in another way."""
    layer = loaded().layers[0].train()
    states, present = torch.randn(2, 6, WIDTH, generator=torch.Generator().manual_seed(1)), presence(IDS)
    found = []
    for precise in (True, False):
        layer.zero_grad()
        given = states.clone().requires_grad_()
        with torch.autocast("cpu", torch.bfloat16, enabled=not precise):
            made = layer(given, present)
        made.float()[IDS != 0].pow(3).sum().backward()
        found.append((made.detach().float(), given.grad, layer.query_key_value.weight.grad.clone()))
    for expected, close in zip(*found, strict=True):
        assert (expected - close).norm() < 0.03 * expected.norm()
    padded = found[1][1][0, 4:]
    assert torch.equal(padded, torch.zeros_like(padded))


@torch.no_grad()
def test_rows_are_embedded_in_their_order_in_either_precision():
    encoder, rows = loaded(), [[2, *range(4, 4 + count % 9), 3] for count in range(300)]
    expected = torch.cat([pooled(encoder(ids), ids, SHAPE) for ids in (torch.tensor([row]) for row in rows)])
    told = []
    device = torch.device("cpu")
    assert torch.allclose(embed(encoder, rows, device, told.append, half=False), expected, atol=1e-5)
    assert told[-1] == 1 and sorted(told) == told and len(told) > 1
    assert (embed(encoder, rows, device) - expected).norm() < 0.02 * expected.norm()


def test_names_of_a_bert_with_a_head_are_understood():
    state = {f"bert.{name}": tensor for name, tensor in hub_state(VOCABULARY).items()}
    assert torch.equal(
        loaded(state).words.weight.half(), state["bert.embeddings.word_embeddings.weight"].half()
    )


def damaged(name, change):
    state = hub_state(VOCABULARY)
    if change is None:
        del state[name]
    else:
        state[name] = change(state[name])
    return state


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ({"features.0.weight": torch.zeros(1)}, "the weights are not a BERT's"),
        (damaged("encoder.layer.1.output.dense.bias", None), "encoder.layer.1.output.dense.bias is missing"),
        (damaged("embeddings.LayerNorm.weight", lambda t: t[:5]), r"the shape \[5\] instead of \[32\]"),
        (damaged("embeddings.LayerNorm.bias", lambda t: t * torch.nan), "values that are no numbers"),
        (
            damaged("embeddings.token_type_embeddings.weight", lambda t: t[:, :1]),
            "kind of token has the shape",
        ),
        (damaged("encoder.layer.0.attention.self.key.weight", lambda t: t[:, 1:]), "do not fit together"),
    ],
)
def test_weights_that_are_not_this_encoders_are_refused(state, words):
    with pytest.raises(NotAnEncoder, match=words):
        Bert(SHAPE).load_hub(state)


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({"model_type": "roberta"}, "of the kind roberta"),
        ({"hidden_size": "wide"}, "damaged"),
        (None, "damaged"),
    ],
)
def test_a_configuration_of_something_else_is_refused(tmp_path, config, words):
    write_encoder(tmp_path, **(config or {}))
    if config is None:
        (tmp_path / CONFIG_FILE).write_text("[]")
    with pytest.raises(NotAnEncoder, match=words):
        BertShape.read(tmp_path / CONFIG_FILE)
