import math

from torch.nn import functional


# %% [markdown]
# ## All layers
# if: pretrained
# The network learns, too: the layers near the pictures more slowly than those near the
# classes, for they know most of what there is to know about pictures.
# end
# if: scratch
# Everything starts from random numbers.
# end
# if: augmented
# No picture is seen twice the same: each time it is cropped, flipped and coloured anew.
# end


# %%
# if: augmented
def varied(pictures, side):
    """Normalised pictures [B, 3, S, S], each changed at random: [B, 3, side, side]."""

    def uniform(low, high):
        return torch.rand(len(pictures), device=device) * (high - low) + low

    area = uniform(SMALLEST_CROP, 1.0)
    aspect = uniform(-math.log(4 / 3), math.log(4 / 3)).exp()
    width = (area * aspect).sqrt().clamp(max=1.0)
    height = (area / aspect).sqrt().clamp(max=1.0)
    left, top = uniform(-1, 1) * (1 - width), uniform(-1, 1) * (1 - height)
    flip = uniform(0, 1).lt(0.5) * 2.0 - 1
    angle = uniform(-ROTATION, ROTATION) * math.pi / 180
    cos, sin = angle.cos(), angle.sin()
    across = torch.stack([width * flip * cos, -height * sin, left], 1)
    down = torch.stack([width * flip * sin, height * cos, top], 1)
    turn = torch.stack([across, down], 1)
    grid = functional.affine_grid(
        turn, [len(pictures), 3, side, side], align_corners=False
    )
    cropped = functional.grid_sample(
        pictures, grid, padding_mode="reflection", align_corners=False
    )
    mean = cropped.mean((1, 2, 3), keepdim=True)
    contrast = uniform(1 - COLOUR, 1 + COLOUR).view(-1, 1, 1, 1)
    brightness = uniform(-COLOUR, COLOUR).view(-1, 1, 1, 1)
    return (cropped - mean) * contrast + mean + brightness


# end
# if: frozen
# The lowest blocks see edges and colours, which are the same everywhere.
# if: resnet
blocks = [nn.ModuleList([network.conv1, network.bn1]), network.layer1]
blocks += [network.layer2, network.layer3, network.layer4]
# end
# if: not_resnet
blocks = list(network.features)
# end
frozen = blocks[: round(FROZEN_SHARE * len(blocks))]
for block in frozen:
    block.requires_grad_(False)
# end


def batches_of(epoch):
    # if: frozen
    for block in frozen:
        block.eval()
    # end
    # if: norms
    # The statistics of a few pictures are worse than those that it came with.
    for layer in model.modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.eval()
    # end
    batches = list(train[torch.randperm(len(train))].split(BATCH_SIZE))
    if len(batches) > 1 and len(batches[-1]) < BATCH_SIZE / 4:
        batches[-2:] = [torch.cat(batches[-2:])]
    return batches


def loss_of(batch, epoch):
    pictures = model.normalised(pixels[batch].to(device))
    # if: small
    # Small pictures at first: half the work, and objects of more sizes.
    side = SMALL_SIDE if epoch <= SMALL_SHARE * EPOCHS else SIDE
    # end
    # if: not_small
    side = SIDE
    # end
    # if: augmented
    pictures = varied(pictures, side)
    # end
    logits = model.head(network(pictures))
    return cross_entropy(
        logits,
        labels[batch].to(device),
        class_weights,
        label_smoothing=LABEL_SMOOTHING,
    )


@torch.no_grad()
def evaluate(model):
    some = validation.split(64)
    logits = torch.cat([model(pixels[batch].to(device)).cpu() for batch in some])
    right = (logits.argmax(1) == labels[validation]).float().mean()
    return cross_entropy(logits, labels[validation]).item(), right.item()


# if: class_weights
class_weights = class_weights.to(device)
# end
learning = [p for p in network.parameters() if p.requires_grad]
# if: pretrained
size = -(-len(learning) // 3)
rates = [BACKBONE_RATE / 3, BACKBONE_RATE * 2 / 3, BACKBONE_RATE]
thirds = [learning[size * i : size * (i + 1)] for i in range(3)]
parts = [*zip(thirds, rates), (list(model.head.parameters()), 1.0)]
# end
# if: scratch
parts = [(learning, 1.0), (list(model.head.parameters()), 1.0)]
# end
groups = [([p for p in part if p.ndim > 1], rate, WEIGHT_DECAY) for part, rate in parts]
# Biases and norms are not decayed.
groups += [([p for p in part if p.ndim <= 1], rate, 0.0) for part, rate in parts]
state = train_loop(model, groups, batches_of, loss_of, evaluate)

# %%
model.load_state_dict(state)
logits = in_batches(model, validation)
measured(logits, labels[validation])
scale = sureness(logits, labels[validation]).to(device)
with torch.no_grad():
    model.head.weight *= scale
    model.head.bias *= scale
