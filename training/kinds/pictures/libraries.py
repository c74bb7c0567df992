"""Imports what a picture training takes from torchvision, ahead of time."""

from training.kinds.pictures.vision import torchvision_models

torchvision_models()
