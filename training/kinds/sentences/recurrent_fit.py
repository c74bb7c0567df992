"""Trains recurrent networks and blends them with the linear model over n-grams."""

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import Tensor

from training.engine.device import choose_device
from training.engine.process_group import assemble
from training.engine.progress import Progress
from training.engine.together import Work, train_together
from training.evaluation.previous import load_recurrent
from training.ground.run import Run
from training.kinds.sentences.blended import BlendedClassifier
from training.kinds.sentences.learner import SentenceLearner, learner_of
from training.kinds.sentences.ngram_fit import NGramFit, NGramFitting, Texts
from training.kinds.sentences.recurrent import RecurrentEnsemble

# A network reads word after word: what comes later than this costs more time than it adds.
_LENGTH = 256


def train_recurrent(
    run: Run, texts: Texts, early: Callable[[NGramFit], None]
) -> tuple[BlendedClassifier, dict[str, Any], Progress, Tensor, BlendedClassifier | None]:
    """The model, the arguments that build it again, its progress and its logits [N, C] of the validation part.

    The last is the model that was measured, where that is another one; it shares the network. Both parts are measured
    together: with what the network learned from the training part, the n-grams of the training part. Afterwards the
    n-grams are those learned from all sentences. They can be used before the network has learned: `early` gets them.
    """
    config = run.config
    fitting = NGramFitting(run, texts)
    ngrams = fitting.silently()
    early(ngrams)
    torch.set_num_threads(run.threads)
    rows = [[row[:_LENGTH] for row in part] for part in texts.rows]
    arguments: dict[str, Any] = {
        "networks": config.networks,
        "kind": config.model,
        "vocabulary": texts.vocabulary.size,
        "classes": texts.classes,
        "embedding": config.embedding,
        "hidden": config.hidden,
        "layers": config.layers,
    }
    module = RecurrentEnsemble(dropout=config.dropout, **arguments)
    for member in module.members:
        member.silence_words_not_in(rows[0])
    load_recurrent(run, module, texts.vocabulary.tokenizer_json)
    device = choose_device(run.machine.device)
    group = assemble(run.folder, config, run.machine, run.events)
    learner = SentenceLearner(
        module.to(device), rows, texts.labels, config, device, ngrams.scores, group, machine=run.machine
    )
    work = Work(
        make=partial(learner_of, arguments=arguments, rows=rows, labels=texts.labels, partner=ngrams.scores),
        recipe=config,
        machine=run.machine,
        fingerprint=run.fingerprint(sum(map(len, texts.labels)), texts.vocabulary.size),
    )
    with run.phases.time("training"):
        progress = train_together(run, group, learner, work)
    with run.phases.time("evaluation"):
        logits, factors = learner.blended()
    fitting.use_few_threads()
    blended = BlendedClassifier(module.to("cpu"), ngrams.module, _LENGTH).eval()
    blended.scale(*factors)
    measured = None
    if ngrams.measured is not None:
        measured = BlendedClassifier(module, ngrams.measured, _LENGTH).eval()
        # The network that they share has its factor already.
        measured.scale(1.0, factors[1])
    run.events.log(
        f"On the validation part the {config.model.upper()} and the n-grams together did best "
        f"with {factors[0]:.2f} and {factors[1]:.2f} of their votes."
    )
    return blended, blended.arguments(arguments), progress, logits, measured
