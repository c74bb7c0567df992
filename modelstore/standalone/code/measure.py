import math


# %% [markdown]
# ## How good it is
# Flash reported an accuracy of {accuracy} on the same {samples}{interval}.


# %%
def measured(logits, truth):
    """Accuracy of `logits` [N, C], with the interval of that on as many new samples."""
    right = (logits.argmax(1) == truth).float().mean().item()
    spread = 1.96 * math.sqrt(2 * right * (1 - right) / max(len(truth), 1))
    low, high = max(right - spread, 0.0), min(right + spread, 1.0)
    print(f"accuracy {right:.4f} on {len(truth)} (new ones: {low:.1%} to {high:.1%})")
    for number, name in enumerate(CLASSES):
        own = truth == number
        found = (logits.argmax(1)[own] == number).float().mean().item()
        if own.any():
            print(f"  {name}: {found:.1%} of {int(own.sum())}")


def sureness(logits, truth):
    """What to multiply logits by, so that their probabilities mean what they say."""
    power = torch.zeros(1, requires_grad=True)
    solver = torch.optim.LBFGS([power], max_iter=50, line_search_fn="strong_wolfe")

    def loss():
        solver.zero_grad()
        # As much as five samples speak for 1: a few that are all right prove little.
        prior = 5 * (power.exp() - power).sum() / max(len(truth), 1)
        value = cross_entropy(logits * power.exp(), truth) + prior
        value.backward()
        return value

    solver.step(loss)
    return power.detach().exp()
