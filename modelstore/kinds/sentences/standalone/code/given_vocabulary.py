from tokenizers import Tokenizer


# %% [markdown]
# ## The vocabulary
# The pieces of words that Flash took, which are in `tokenizer.json`.

# %%
tokenizer = Tokenizer.from_file("tokenizer.json")
tokenizer.enable_truncation(MAX_LENGTH)
tokenizer.no_padding()


def ids_of(texts):
    return [found.ids or [1] for found in tokenizer.encode_batch(texts)]


ids = ids_of(texts)
