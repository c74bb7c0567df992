"""sentence-transformers reads sentences: `python -m benchmarks.language.embed_peer WEIGHTS JSON OUT THREADS`.

See `on_demand`. Run by a Python that has the library.
"""

import sys
from pathlib import Path
from typing import Any

import numpy as np
import torch
from sentence_transformers import SentenceTransformer  # type: ignore[import-not-found]
from sentence_transformers.sentence_transformer.modules import (  # type: ignore[import-not-found]
    Normalize,
    Pooling,
    Transformer,
)

from benchmarks.language.on_demand import answer

_WINDOW = 256


def encoder(weights: Path) -> Any:
    """The model as its authors put it together, from a folder that holds the encoder alone."""
    transformer = Transformer(str(weights), model_kwargs={"dtype": torch.float32}, max_seq_length=_WINDOW)
    pooling = Pooling(transformer.get_embedding_dimension(), "mean")
    return SentenceTransformer(modules=[transformer, pooling, Normalize()], device="cpu")


def main() -> None:
    """See the module."""
    torch.set_num_threads(int(sys.argv[4]))
    model = encoder(Path(sys.argv[1]))
    answer({"usual": lambda sentences: np.asarray(model.encode(sentences))})


if __name__ == "__main__":
    main()
