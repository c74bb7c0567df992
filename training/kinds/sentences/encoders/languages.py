"""Whether an encoder knows the language of sentences."""

from collections.abc import Sequence

from tokenizers import Tokenizer

_LOOKED_AT = 2_000
# English texts have no unknown pieces, and one in seven at most goes on with a word; of other languages in Latin script
# nearly half do.
_MOST_UNKNOWN, _MOST_CONTINUED = 0.1, 0.3
_UNKNOWN, _CONTINUED = "[UNK]", "##"
_LEAST_LATIN = 0.7


def may_be_english(sentences: Sequence[str]) -> bool:
    """Whether most letters are those of English, which can be told without anything of an encoder."""
    letters = [letter for sentence in _some(sentences) for letter in sentence if letter.isalpha()]
    return sum(letter.isascii() for letter in letters) >= _LEAST_LATIN * len(letters)


def knows(tokenizer_json: str, sentences: Sequence[str]) -> bool:
    """Of a WordPiece tokenizer of one language (Wu et al. 2016): whether `sentences` are likely in that language.

    Told by how it takes them apart.
    """
    tokenizer = Tokenizer.from_str(tokenizer_json)
    tokenizer.no_truncation()
    tokenizer.no_padding()
    some = list(sentences[:: -(-len(sentences) // _LOOKED_AT)])
    tokens = [
        token for found in tokenizer.encode_batch(some, add_special_tokens=False) for token in found.tokens
    ]
    if not tokens:
        return True
    unknown = sum(token == _UNKNOWN for token in tokens)
    continued = sum(token.startswith(_CONTINUED) for token in tokens)
    return unknown <= _MOST_UNKNOWN * len(tokens) and continued <= _MOST_CONTINUED * len(tokens)


def _some(sentences: Sequence[str]) -> list[str]:
    return list(sentences[:: -(-len(sentences) // _LOOKED_AT)])
