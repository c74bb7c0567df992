# %%
def fit_phrases(which, strength):
    """A linear model fitted to the sentences at these places."""
    rows = [ids[place] for place in which]
    known = Phrases(rows)
    penalty = strength * VECTOR_LENGTH**2 / len(rows)
    return known, *fit_linear(known.vectors(rows), labels[which], penalty)


def phrase_logits(fit, which):
    known, weight, bias = fit
    return known.vectors([ids[place] for place in which]) @ weight + bias


def loss_with(strength):
    return cross_entropy(phrase_logits(fits[strength], validation), labels[validation])


# As strong a penalty as does better on the validation part.
fits = {strength: fit_phrases(train, strength) for strength in (0.1, 0.03)}
strength = min(fits, key=loss_with)
of_phrases = phrase_logits(fits[strength], validation)
