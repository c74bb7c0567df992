"""Flash's encoder reads sentences, on demand: `python -m benchmarks.language.embed WEIGHTS JSON OUT THREADS`.

See `on_demand`. WEIGHTS is the folder of the encoder. "usual" is the precision that a training reads in on
this machine, "single" that of the peer.
"""

import io
import os
import sys
from typing import Any

import torch
from numpy.typing import NDArray
from torch.nn.functional import normalize

from benchmarks.language.on_demand import answer
from training.ground.events import Events
from training.kinds.sentences.encoders.files import find_encoder
from training.kinds.sentences.encoders.specs import ENCODERS
from training.kinds.sentences.encoders.states import embed
from training.kinds.sentences.preprocess import TextPreprocess


def main() -> None:
    """See the module."""
    torch.set_num_threads(int(sys.argv[4]))
    spec = ENCODERS["minilm"]
    os.environ["FLASH_WEIGHTS_DIR"] = os.path.dirname(sys.argv[1])
    encoder, tokenizer = find_encoder(spec, [], Events(io.StringIO()), may_download=False)
    encoder.eval()
    preprocess = TextPreprocess(tokenizer, spec.window)

    def read(sentences: list[str], half: bool) -> NDArray[Any]:
        rows = preprocess.ragged(sentences)
        found: NDArray[Any] = normalize(embed(encoder, rows, torch.device("cpu"), half=half)).numpy()
        return found

    answer({"usual": lambda given: read(given, True), "single": lambda given: read(given, False)})


if __name__ == "__main__":
    main()
