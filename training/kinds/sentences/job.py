"""Trains a text classifier: vocabulary, n-grams or a recurrent network."""

import copy
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.evaluation.evidence import Evidence
from training.evaluation.previous import split_samples
from training.ground.run import Run
from training.ground.samples import Samples, check_classes
from training.kinds.sentences.preprocess import TextPreprocess, pad
from training.kinds.sentences.reading import read_sentences
from training.kinds.sentences.tokeniser import Vocabulary, learn_vocabulary

_EXAMPLES = 32


def train_sentences(run: Run) -> Any:
    """Read data.csv, learn a vocabulary, train; an Outcome.

    The vocabulary is learned from all sentences, but from no label: accuracy is measured all the same on what the
    model did not learn from, and the model that is shipped may know every word.
    """
    run.events.phase("preparing", 0.0, 0.1, "reading the sentences")
    with run.phases.time("read"):
        samples = read_sentences(run.data)
        check_classes(samples, "sentences", run.events)
        parts = split_samples(run, samples)
    with run.phases.time("tokenise"):
        vocabulary = learn_vocabulary(samples.items, run.config.vocabulary)
        preprocess = TextPreprocess(vocabulary.tokenizer_json, run.config.max_length)
        rows = [preprocess.ragged([samples.items[i] for i in part]) for part in parts]
    run.control.check()
    with run.phases.time("import"):
        import torch

        from training.engine.device import make_repeatable
        from training.evaluation.outcome import Outcome
        from training.export.export import export_early
        from training.kinds.sentences.graphs import blended_graph, ngram_graph
        from training.kinds.sentences.ngram_fit import NGramFit, NGramFitting, Texts
        from training.kinds.sentences.recurrent_fit import train_recurrent

    make_repeatable(run.config.seed)
    torch.set_num_threads(run.threads)
    run.events.phase("training", 0.1, 0.93)
    train_part, validation = parts
    texts = Texts(
        rows=rows,
        labels=[samples.labels[part] for part in parts],
        classes=len(samples.classes),
        vocabulary=vocabulary,
    )

    common: dict[str, Any] = {
        "classes": samples.classes,
        "preprocess": preprocess,
        "examples": pad(rows[1][:_EXAMPLES]),
        "train_count": len(train_part),
        "truth": samples.labels[validation],
        "sources": [f"{samples.sources[i]}: {samples.items[i]}" for i in validation],
    }

    def early(fit: NGramFit) -> None:
        """The n-grams alone, for use until the network has learned."""
        copied = copy.deepcopy(fit.module)
        export_early(
            replace(run, config=replace(run.config, model="bag_of_ngrams")),
            Outcome(
                module=copied,
                state=copied.state_dict(),
                arguments=copied.arguments(),
                graph=partial(ngram_graph, copied),
                progress=fit.progress,
                deployed_count=fit.count,
                probabilities=fit.scores.softmax(1).numpy(),
                **common,
            ),
        )

    module: torch.nn.Module
    count = len(train_part)
    if run.config.model == "bag_of_ngrams":
        fit = NGramFitting(run, texts).with_events()
        module, count, logits, progress = fit.module, fit.count, fit.scores, fit.progress
        arguments = fit.module.arguments()
        graph = partial(ngram_graph, fit.module)
        measured = partial(ngram_graph, fit.measured) if fit.measured is not None else None
    else:
        module, arguments, progress, logits, before = train_recurrent(run, texts, early)
        graph = partial(blended_graph, module)
        measured = partial(blended_graph, before) if before is not None else None
    return Outcome(
        module=module,
        state=module.state_dict(),
        arguments=arguments,
        graph=graph,
        progress=progress,
        deployed_count=count,
        probabilities=logits.softmax(1).numpy(),
        measured=measured,
        evidence=_evidence(samples, parts, rows, vocabulary),
        **common,
    )


def _evidence(
    samples: Samples[str],
    parts: Sequence[NDArray[np.int64]],
    rows: Sequence[list[list[int]]],
    vocabulary: Vocabulary,
) -> Evidence:
    from training.kinds.sentences.evidence import SentenceEvidence

    order = np.concatenate(list(parts))
    return SentenceEvidence(
        sources=[f"{samples.sources[i]}: {samples.items[i]}" for i in order],
        labels=samples.labels[order],
        train_count=len(parts[0]),
        sentences=[samples.items[i] for i in order],
        rows=[*rows[0], *rows[1]],
        words=vocabulary.size + 1,
        order=vocabulary.order,
    )
