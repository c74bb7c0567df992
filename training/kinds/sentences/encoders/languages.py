"""Whether an encoder knows the language of sentences."""

from collections import Counter
from collections.abc import Sequence

from tokenizers import Tokenizer

from training.kinds.sentences.encoders.pruning import script
from training.kinds.sentences.encoders.specs import EncoderSpec

_LOOKED_AT = 2_000
_UNKNOWN = ("[UNK]", "<unk>")
# English texts have no unknown pieces, and one in seven at most goes on with a word; of other languages in Latin script
# nearly half do.
_MOST_UNKNOWN, _MOST_CONTINUED, _CONTINUED = 0.1, 0.3, "##"
_LEAST_KNOWN_LETTERS = 0.7


def may_know(spec: EncoderSpec, sentences: Sequence[str]) -> bool:
    """Whether most letters are those of its languages, which can be told without anything of an encoder."""
    letters = Counter(letter for sentence in _some(sentences) for letter in sentence if letter.isalpha())
    if spec.is_english:
        known = sum(count for letter, count in letters.items() if letter.isascii())
    elif spec.scripts:
        known = sum(count for letter, count in letters.items() if script(letter) in spec.scripts)
    else:
        return True
    return known >= _LEAST_KNOWN_LETTERS * letters.total()


def knows(spec: EncoderSpec, tokenizer_json: str, sentences: Sequence[str]) -> bool:
    """Whether `sentences` are likely in a language of the encoder, told by how its tokenizer takes them apart.

    One of a single language (WordPiece, Wu et al. 2016) leaves words of that language whole. One of many languages
    (Unigram, Kudo 2018) has all letters of each.
    """
    tokenizer = Tokenizer.from_str(tokenizer_json)
    tokenizer.no_truncation()
    tokenizer.no_padding()
    unknown = {tokenizer.token_to_id(name) for name in _UNKNOWN}
    missed = letters = continued = tokens = 0
    for encoding in tokenizer.encode_batch(_some(sentences), add_special_tokens=False):
        # Unknown letters that follow one another are one piece.
        lengths = [end - start for start, end in encoding.offsets]
        letters += sum(lengths)
        missed += sum(size for size, found in zip(lengths, encoding.ids, strict=True) if found in unknown)
        tokens += len(lengths)
        continued += sum(token.startswith(_CONTINUED) for token in encoding.tokens)
    known = missed <= _MOST_UNKNOWN * letters
    return known and (not spec.is_english or continued <= _MOST_CONTINUED * tokens)


def _some(sentences: Sequence[str]) -> list[str]:
    return list(sentences[:: -(-len(sentences) // _LOOKED_AT)])
