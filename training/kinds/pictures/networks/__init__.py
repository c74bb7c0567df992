"""The networks for pictures: layers, weights, kernels and graphs."""
