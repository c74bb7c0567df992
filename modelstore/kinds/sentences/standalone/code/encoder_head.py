# %% [markdown]
# ## The head
# Logistic regression on what the encoder makes of each sentence.


# %%
def fit_head(features, which):
    """Weight [F, C] and bias [C] for the features as they are."""
    scale = features.std(0).mean()
    weight, bias = fit_linear(features[which] / scale, labels[which], 20 / len(which))
    return weight / scale, bias
