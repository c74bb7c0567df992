"""Trains a text classifier: vocabulary, n-grams or a recurrent network."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.evidence import SentenceEvidence
from training.preprocess import TextPreprocess, pad
from training.run import Run
from training.samples import Samples, check_classes, read_sentences
from training.split import stratified_split
from training.tokeniser import Vocabulary, learn_vocabulary

_EXAMPLES = 32


def train_sentences(run: Run) -> Any:
    """Read data.csv, learn a vocabulary from the training part, train; an Outcome."""
    run.events.phase("preparing", 0.0, 0.1, "reading the sentences")
    with run.phases.time("read"):
        samples = read_sentences(run.data)
        check_classes(samples, "sentences", run.events)
        parts = stratified_split(samples.labels, run.config.data_split, run.config.seed)
    with run.phases.time("tokenise"):
        vocabulary = learn_vocabulary([samples.items[i] for i in parts[0]], run.config.vocabulary)
        preprocess = TextPreprocess(vocabulary.tokenizer_json, run.config.max_length)
        rows = [preprocess.ragged([samples.items[i] for i in part]) for part in parts]
    run.control.check()
    with run.phases.time("import"):
        import torch

        from training.outcome import Outcome

    torch.manual_seed(run.config.seed)
    torch.set_num_threads(run.threads)
    run.events.phase("training", 0.1, 0.93)
    fit = _train_ngrams if run.config.model == "bag_of_ngrams" else _train_recurrent
    module, arguments, progress, probabilities, graph = fit(run, samples, parts, rows, vocabulary)
    train_part, validation = parts
    return Outcome(
        classes=samples.classes,
        preprocess=preprocess,
        module=module,
        state=module.state_dict(),
        arguments=arguments,
        graph=graph,
        examples=pad(rows[1][:_EXAMPLES]),
        progress=progress,
        train_count=len(train_part),
        truth=samples.labels[validation],
        probabilities=probabilities,
        sources=[f"{samples.sources[i]}: {samples.items[i]}" for i in validation],
        evidence=_evidence(samples, parts, rows, vocabulary),
    )


def _evidence(
    samples: Samples[str],
    parts: Sequence[NDArray[np.int64]],
    rows: Sequence[list[list[int]]],
    vocabulary: Vocabulary,
) -> SentenceEvidence:
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


def _train_ngrams(
    run: Run,
    samples: Samples[str],
    parts: Sequence[NDArray[np.int64]],
    rows: Sequence[list[list[int]]],
    vocabulary: Vocabulary,
) -> Any:
    import torch

    from training.checkpoint import Checkpoint
    from training.linear import Labelled, Linear, fit_linear
    from training.ngrams import NORM, NGramClassifier, NGramTable, SparseFeatures
    from training.onnx_graphs import ngram_graph

    with run.phases.time("features"):
        table = NGramTable(rows[0], vocabulary.size + 1, vocabulary.order)
        labels = [torch.from_numpy(samples.labels[part]) for part in parts]
        train, validation = (Labelled(SparseFeatures(r, table), y) for r, y in zip(rows, labels, strict=True))
    linear = Linear(len(table.keys), len(samples.classes))
    checkpoint = Checkpoint(
        run.folder / "checkpoint", run.fingerprint(len(samples.items), len(table.keys)), run.events
    )
    with run.phases.time("training"):
        # The usual strength (C = 10 for vectors of length one), divided by the length used here.
        penalty = 0.1 / len(parts[0]) * NORM**2
        progress = fit_linear(linear, train, validation, penalty=penalty, run=run, checkpoint=checkpoint)
    arguments = {"classes": len(samples.classes), "base": table.base, "order": table.order}
    module = NGramClassifier(torch.from_numpy(table.keys), torch.from_numpy(table.idf), **arguments)
    with torch.no_grad():
        module.weight.copy_(linear.weight)
        module.bias.copy_(linear.bias)
        scores = validation.features.scores(linear.weight) + linear.bias
    return module, arguments, progress, scores.softmax(1).numpy(), lambda: ngram_graph(module)


def _train_recurrent(
    run: Run,
    samples: Samples[str],
    parts: Sequence[NDArray[np.int64]],
    rows: Sequence[list[list[int]]],
    vocabulary: Vocabulary,
) -> Any:
    from training.checkpoint import Checkpoint
    from training.device import choose_device
    from training.loop import Training, restore, snapshot
    from training.onnx_graphs import recurrent_graph
    from training.recurrent import RecurrentClassifier
    from training.retry import with_lower_rate_if_needed
    from training.sentence_learner import SentenceLearner

    config = run.config
    sizes = {"embedding": config.embedding, "hidden": config.hidden, "layers": config.layers}
    arguments: dict[str, Any] = {
        "kind": config.model,
        "vocabulary": vocabulary.size,
        "classes": len(samples.classes),
        **sizes,
    }
    module = RecurrentClassifier(dropout=config.dropout, **arguments)
    device = choose_device(config.device)
    labels = [samples.labels[part] for part in parts]
    learner = SentenceLearner(module.to(device), rows, labels, config, device)
    start = snapshot(module)

    def train(config: Any) -> Any:
        restore(module, start)
        learner.config = config
        fingerprint = run.fingerprint(config.learning_rate, len(samples.items), vocabulary.size)
        checkpoint = Checkpoint(run.folder / "checkpoint", fingerprint, run.events)
        return Training(learner, config, events=run.events, control=run.control, checkpoint=checkpoint).run()

    with run.phases.time("training"):
        progress = with_lower_rate_if_needed(train, config, run.events)
    with run.phases.time("evaluation"):
        probabilities = learner.probabilities()
    module.to("cpu").eval()
    return module, arguments, progress, probabilities, lambda: recurrent_graph(module)
