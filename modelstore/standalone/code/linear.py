from torch.nn.functional import cross_entropy


# %%
def fit_linear(features, labels, penalty):
    """Logistic regression brought to its optimum by L-BFGS: weight [F, C], bias [C]."""
    weight = torch.zeros(features.shape[1], len(CLASSES), requires_grad=True)
    bias = torch.zeros(len(CLASSES), requires_grad=True)
    solver = torch.optim.LBFGS(
        [weight, bias], max_iter=100, line_search_fn="strong_wolfe"
    )

    def loss():
        solver.zero_grad()
        scores = features @ weight + bias
        value = cross_entropy(scores, labels, class_weights)
        value = value + penalty / 2 * weight.square().sum()
        value.backward()
        return value

    solver.step(loss)
    return weight.detach(), bias.detach()
