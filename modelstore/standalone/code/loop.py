import copy
import math

# if: average
from torch.optim.swa_utils import AveragedModel

# end


# %% [markdown]
# ## The training loop
# It sets the learning rate before each step, and keeps the weights of the epoch that
# did best on the validation part.


# %%
def learning_rate(done):
    """The rate after `done` epochs; a fraction counts."""
    # if: cosine
    share = done / EPOCHS
    if share < WARM_UP:
        return LEARNING_RATE * max(share / WARM_UP, 0.02)
    falling = 1 + math.cos(math.pi * (share - WARM_UP) / (1 - WARM_UP))
    return LEARNING_RATE * falling / 2
    # end
    # if: constant
    return LEARNING_RATE
    # end
    # if: steps
    return LEARNING_RATE * STEP_FACTOR ** (int(done) // STEP_EPOCHS)
    # end


def optimizer_of(groups):
    """`groups` are (parameters, share of the learning rate, weight decay)."""
    told = [{"params": p, "scale": s, "weight_decay": d} for p, s, d in groups if p]
    # if: sgd
    return torch.optim.SGD(told, lr=LEARNING_RATE, momentum=0.9, nesterov=True)
    # end
    # if: adam
    return torch.optim.Adam(told, lr=LEARNING_RATE)
    # end
    # if: adamw
    return torch.optim.AdamW(told, lr=LEARNING_RATE)
    # end


def train_loop(model, groups, batches_of, loss_of, evaluate):
    """`batches_of(epoch)` gives batches, `loss_of` the loss of one, `evaluate` loss and
    accuracy of a model on the validation part, whose best weights it returns."""
    optimizer = optimizer_of(groups)
    parameters = [p for group in optimizer.param_groups for p in group["params"]]
    measured = model
    # if: average
    # The weights that count are an average over the last steps.
    average = AveragedModel(
        model, avg_fn=lambda old, new, n: old + (new - old) * 10 / (n + 10)
    )
    measured = average.module
    # end
    best = (-1.0, 0.0, 0, None)
    # if: plateau
    scale, lowest, waited = 1.0, math.inf, 0
    # end
    for epoch in range(1, EPOCHS + 1):
        model.train()
        batches = batches_of(epoch)
        for step, batch in enumerate(batches):
            rate = learning_rate(epoch - 1 + step / len(batches))
            # if: plateau
            rate = max(rate * scale, min(rate, PLATEAU_LOWEST))
            # end
            for group in optimizer.param_groups:
                group["lr"] = rate * group["scale"]
            optimizer.zero_grad()
            loss_of(batch, epoch).backward()
            torch.nn.utils.clip_grad_norm_(parameters, CLIP_NORM)
            optimizer.step()
            # if: average
            average.update_parameters(model)
            # end
        measured.eval()
        loss, accuracy = evaluate(measured)
        print(f"epoch {epoch}: loss {loss:.4f}, accuracy {accuracy:.1%}")
        if (accuracy, -loss) > best[:2]:
            best = (accuracy, -loss, epoch, copy.deepcopy(measured.state_dict()))
        # if: plateau
        waited = 0 if loss < lowest * (1 - 1e-4) else waited + 1
        lowest = min(lowest, loss)
        if waited > PLATEAU_PATIENCE:
            scale, waited = scale * PLATEAU_FACTOR, 0
        # end
        # if: early_stopping
        if epoch - best[2] >= EARLY_STOPPING:
            break
        # end
    # if: cosine
    # Of epochs that differ by less than chance, the best one is the luckiest: the last
    # one is kept, unless it is clearly worse.
    luck = math.sqrt(best[0] * (1 - best[0]) / max(len(validation), 1)) / 2
    if epoch == EPOCHS and accuracy >= best[0] - luck:
        return measured.state_dict()
    # end
    return best[3]
