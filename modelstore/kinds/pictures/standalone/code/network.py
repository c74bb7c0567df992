# if: torchvision
import torchvision

# end

# if: wavelets
from wavelets import WaveletNetwork

# end
from torch import nn


# %% [markdown]
# ## The network
# if: torchvision
# torchvision's, with a last layer of our own. Pictures go in as they are (uint8), so
# that nobody who uses the model has to know how they are normalised.
# end
# if: wavelets
# Fixed filters that nobody had to train (a scattering network), with a last layer.
# end


# %%
class Classifier(nn.Module):
    """Pictures uint8 [B, S, S, 3] to logits [B, C]."""

    def __init__(self, network, width):
        super().__init__()
        self.network = network
        self.head = nn.Linear(width, len(CLASSES))
        mean = torch.tensor([0.485, 0.456, 0.406]).view(1, 3, 1, 1)
        deviation = torch.tensor([0.229, 0.224, 0.225]).view(1, 3, 1, 1)
        self.register_buffer("mean", 255 * mean)
        self.register_buffer("deviation", 255 * deviation)

    def normalised(self, pixels):
        return (pixels.permute(0, 3, 1, 2).float() - self.mean) / self.deviation

    def features(self, pixels):
        pictures = self.normalised(pixels)
        # if: flip
        # What it makes of a picture and of its mirror image.
        return (self.network(pictures) + self.network(pictures.flip(3))) / 2
        # end
        # if: no_flip
        return self.network(pictures)
        # end

    def forward(self, pixels):
        return self.head(self.features(pixels))


# if: wavelets
network = WaveletNetwork()
model = Classifier(network, network.width).to(device)
# end
# if: torchvision
# if: pretrained
network = torchvision.models.get_model(MODEL, weights=None if WEIGHTS else "DEFAULT")
if WEIGHTS:
    network.load_state_dict(torch.load(WEIGHTS, weights_only=True))
# end
# if: scratch
network = torchvision.models.get_model(MODEL)
# end
*parents, name = LAST_LAYER.split(".")
parent = network.get_submodule(".".join(parents))
width = parent.get_submodule(name).in_features
setattr(parent, name, nn.Identity())
model = Classifier(network, width).to(device)
# end


@torch.no_grad()
def in_batches(function, which):
    """What `function` gives for the pictures at these places, on the CPU."""
    model.eval()
    parts = [function(pixels[some].to(device)).cpu() for some in which.split(64)]
    return torch.cat(parts)


# if: class_weights
# Rare classes count as much as common ones.
counts = torch.bincount(labels[train], minlength=len(CLASSES)).clamp(min=1)
class_weights = counts.sum() / len(CLASSES) / counts
# end
# if: no_class_weights
class_weights = None
# end
