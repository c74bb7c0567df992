# %%
logits = factors[0] * own + factors[1] * of_phrases
measured(logits, truth)
factors = factors * sureness(logits, truth)

# %% [markdown]
# The model that is kept learns from the sentences that were kept apart, too: what was
# measured is a little worse than what you get.

# %%
everything = torch.arange(len(texts))
# if: few
encoder = contrasted(encoder, everything)
features = embedded(encoder, ids)
# end
weight, bias = (factors[0] * part for part in fit_head(features, everything))
phrase_fit = fit_phrases(everything, strength)
head = nn.Linear(*weight.shape)
head.load_state_dict({"weight": weight.T.contiguous(), "bias": bias})
