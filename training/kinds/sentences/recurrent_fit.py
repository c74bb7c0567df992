"""Trains recurrent networks and blends them with the linear model over n-grams."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import torch
from tokenizers import Tokenizer
from torch import Tensor

from training.bundle.previous import Previous
from training.engine.checkpoint import fingerprint
from training.engine.device import choose_device
from training.engine.process_group import assemble
from training.engine.progress import Progress
from training.engine.together import Work, train_together
from training.ground.events import Events
from training.ground.recipe import Recipe
from training.ground.run import Run
from training.kinds.sentences.blended import BlendedClassifier
from training.kinds.sentences.learner import SentenceLearner, learner_of
from training.kinds.sentences.ngram_fit import NGramFit, Texts, ngrams_beside
from training.kinds.sentences.preprocess import TOKENIZER_FILE
from training.kinds.sentences.recurrent import RecurrentEnsemble
from training.kinds.sentences.voting import VOTES, VotingFit, tell_votes

# A network reads word after word: what comes later than this costs more time than it adds.
_LENGTH = 256
# What the networks of a BlendedClassifier are called in its state.
_NETWORKS = "recurrent.members."


def train_recurrent(
    recipe: Recipe, texts: Texts, run: Run, previous: Previous | None, early: Callable[[NGramFit], None]
) -> VotingFit:
    """Networks and n-grams are measured together: with the networks, the n-grams of the training part.

    Afterwards the n-grams are those learned from all sentences. They can be used before the networks have learned:
    `early` gets them.
    """
    ngrams = ngrams_beside(recipe, texts, run)
    early(ngrams)
    torch.set_num_threads(run.machine.cores)
    arguments = _arguments(recipe, texts)
    module = _network(recipe, texts, arguments, previous, run.events)
    learner, progress = _train_network(recipe, texts, run, module, arguments, ngrams)
    with run.phases.time("evaluation"):
        logits, factors = learner.blended()
        if run.choices is not None:
            factors = run.choices[VOTES]
            logits = factors[0] * learner.logits() + factors[1] * ngrams.scores
    torch.set_num_threads(ngrams.threads)
    blended = BlendedClassifier(module.to("cpu"), ngrams.module, _LENGTH).eval()
    blended.scale(*factors)
    measured = None
    if ngrams.measured is not None:
        measured = BlendedClassifier(module, ngrams.measured, _LENGTH).eval()
        # The network that they share has its factor already.
        measured.scale(1.0, factors[1])
    tell_votes(run.events, recipe.model.upper(), factors)
    return VotingFit(
        module=blended,
        arguments=blended.arguments(arguments),
        progress=progress,
        logits=logits,
        measured=measured,
        choices={**ngrams.choices, VOTES: factors},
    )


def _arguments(recipe: Recipe, texts: Texts) -> dict[str, Any]:
    """What builds the networks again, besides their tensors."""
    return {
        "networks": recipe.networks,
        "kind": recipe.model,
        "vocabulary": texts.vocabulary.size,
        "classes": texts.classes,
        "embedding": recipe.embedding,
        "hidden": recipe.hidden,
        "layers": recipe.layers,
    }


def _network(
    recipe: Recipe, texts: Texts, arguments: dict[str, Any], previous: Previous | None, events: Events
) -> RecurrentEnsemble:
    """The networks with the weights that they start from."""
    module = RecurrentEnsemble(dropout=recipe.dropout, **arguments)
    for member in module.members:
        member.silence_words_not_in(_rows(texts)[0])
    if previous is not None:
        load_recurrent(module, previous, recipe.model, texts.vocabulary.tokenizer_json, events)
    return module


def _train_network(
    recipe: Recipe,
    texts: Texts,
    run: Run,
    module: RecurrentEnsemble,
    arguments: dict[str, Any],
    ngrams: NGramFit,
) -> tuple[SentenceLearner, Progress]:
    """Train `module`, with other processes where there are several GPUs; it is measured together with the n-grams."""
    device, rows = choose_device(run.machine.device), _rows(texts)
    group = assemble(run.folder, recipe, run.machine, run.events)
    learner = SentenceLearner(
        module.to(device), rows, texts.labels, recipe, device, ngrams.scores, group, machine=run.machine
    )
    facts = (sum(map(len, texts.labels)), texts.vocabulary.size, *texts.facts)
    work = Work(
        make=partial(learner_of, arguments=arguments, rows=rows, labels=texts.labels, partner=ngrams.scores),
        recipe=recipe,
        machine=run.machine,
        fingerprint=fingerprint(recipe, *facts),
    )
    with run.phases.time("training"):
        progress = train_together(run, group, learner, work)
    return learner, progress


def _rows(texts: Texts) -> list[list[Sequence[int]]]:
    return [[row[:_LENGTH] for row in part] for part in texts.rows]


def load_recurrent(
    module: RecurrentEnsemble, previous: Previous, model: str, tokenizer_json: str, events: Events
) -> None:
    """Puts the earlier network's layers and the words that both know into `module`, network by network.

    Nothing happens where the earlier one is not a `model`.
    """
    path = previous.weights_file(model)
    if path is None:
        return
    state: dict[str, Tensor] = torch.load(path, map_location="cpu", weights_only=True)["state_dict"]
    before = Tokenizer.from_file(str(previous.folder / TOKENIZER_FILE)).get_vocab()
    pairs = [
        (new, before[word])
        for word, new in Tokenizer.from_str(tokenizer_json).get_vocab().items()
        if word in before
    ]
    earlier = len({name.split(".")[2] for name in state if name.startswith(_NETWORKS)})
    words = 0
    for number, member in enumerate(module.members if earlier else []):
        prefix = f"{_NETWORKS}{number % earlier}."
        words = member.load_body({name.removeprefix(prefix): tensor for name, tensor in state.items()}, pairs)
    events.log(f"The training starts from the earlier model's network, which knows {words} of the words.")
