"""What a network makes of one image: probabilities, feature maps, what decided."""

from contextlib import ExitStack, contextmanager

import torch
from captum.attr import IntegratedGradients
from torch import nn


@contextmanager
def evaluating(model):
    """Put a model into evaluation mode for a while; each layer gets its mode back."""
    training = [layer for layer in model.modules() if layer.training]
    model.eval()
    try:
        yield
    finally:
        for layer in training:
            layer.training = True


def _like_weights(model, image):
    """Return `image` on the device and in the number format of the model."""
    return image.to(next(model.parameters(), image))


def probabilities(model, image):
    """Return the probabilities (10,) of the digits 0 to 9 for an image (1, 1, H, W).

    Raises
    ------
    ValueError
        If the model cannot read the image, or answers not with 10 finite logits.
    """
    shape = tuple(image.shape)
    try:
        with evaluating(model), torch.no_grad():
            logits = model(_like_weights(model, image))
    except Exception as error:
        raise ValueError(
            f"The model must read images {shape}, as one does that begins with "
            f"nn.Flatten() or nn.Conv2d(1, ...); this one says: {error}"
        ) from error
    got = tuple(logits.shape) if isinstance(logits, torch.Tensor) else type(logits)
    if got != (1, 10):
        raise ValueError(
            f"The model must turn an image {shape} into logits (1, 10), one for each "
            f"digit; got {got}."
        )
    if not logits.isfinite().all():
        raise ValueError(
            "The model's logits are not finite: its training has diverged; train it "
            "anew, at a lower learning rate."
        )
    return logits[0].float().softmax(0).cpu()


def feature_maps(model, image):
    """Return what the first two convolutions answer to an image (1, 1, H, W).

    A list of tensors (C, H', W') after ReLU, shorter if the model has fewer `Conv2d`.
    """
    layers = [layer for layer in model.modules() if isinstance(layer, nn.Conv2d)][:2]
    maps = {}

    def keep(layer, _, output):
        maps[layer] = output[0].relu().float().cpu()

    with ExitStack() as stack, evaluating(model), torch.no_grad():
        for layer in layers:
            stack.enter_context(layer.register_forward_hook(keep))  # removed at the end
        model(_like_weights(model, image))
    return [maps[layer] for layer in layers if layer in maps]


def attribution(model, image, digit):
    """Return how much each pixel of an image (1, 1, H, W) speaks for a digit: (H, W).

    Below 0 it speaks against it. These are integrated gradients (Sundararajan, Taly and
    Yan, 2017) from blank paper: they lie on the ink, and sum to about what the ink adds
    to the digit's logit. No gradient is left on the parameters.
    """
    with evaluating(model):
        method = IntegratedGradients(model)
        pixels = method.attribute(_like_weights(model, image), target=digit, n_steps=20)
    return pixels[0, 0].detach().float().cpu()
