from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, trainers


# %% [markdown]
# ## The vocabulary
# if: words
# Words, and for Chinese and Japanese characters, that occur twice at least.
# end
# if: pieces
# Pieces of words that occur often (byte-pair encoding).
# end
# It is learned from all sentences, but from no label.

# %%
# if: words
tokenizer = Tokenizer(models.WordLevel(unk_token="[UNK]"))
trainer = trainers.WordLevelTrainer(
    vocab_size=VOCABULARY,
    min_frequency=2,
    special_tokens=["[PAD]", "[UNK]"],
    show_progress=False,
)
# end
# if: pieces
tokenizer = Tokenizer(models.BPE(unk_token="[UNK]"))
trainer = trainers.BpeTrainer(
    # Little text must not be learned by heart.
    vocab_size=min(VOCABULARY, max(30, sum(map(len, texts)) // 40)),
    min_frequency=2,
    special_tokens=["[PAD]", "[UNK]"],
    show_progress=False,
)
# end
tokenizer.normalizer = normalizers.Sequence(
    [normalizers.NFKC(), normalizers.Lowercase()]
)
tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
    [
        pre_tokenizers.WhitespaceSplit(),
        # if: marked
        pre_tokenizers.Metaspace(prepend_scheme="always"),
        # end
        pre_tokenizers.Punctuation("isolated"),
        pre_tokenizers.Split(Regex(r"[\p{Han}\p{Hiragana}\p{Katakana}]"), "isolated"),
    ]
)
tokenizer.train_from_iterator(texts, trainer)
tokenizer.enable_truncation(MAX_LENGTH)


def ids_of(texts):
    """The ids of each text; one that says nothing is one unknown word."""
    return [found.ids or [1] for found in tokenizer.encode_batch(texts)]


ids = ids_of(texts)
