"""Three ways to make digits: a GAN, a VAE, and flow matching on the VAE's codes.

Images are (N, 1, 28, 28), 0 for paper and 1 for ink. All networks are fully connected:
on a processor, they take ten times as many steps in a second as convolutions do.
"""

from collections.abc import Callable
from functools import partial

import torch
from torch import nn
from torch.nn import functional as F

from bigmodel_lab.from_scratch.generating import flow_steps, guided, reparameterize
from bigmodel_lab.models._checks_generators import (
    check_codes,
    check_digits,
    check_share,
    check_sizes,
)

SHAPE = (1, 28, 28)
PIXELS = 28 * 28

# -- two networks against each other ---------------------------------------------------


class Generator(nn.Sequential):
    """Noise (N, D) -> images (N, 1, 28, 28): the forger of a GAN.

    Goodfellow and others (2014), arXiv 1406.2661. Raises ValueError if a size is below
    1.

    Parameters
    ----------
    noise : int
        D, how many numbers are drawn for an image.
    """

    def __init__(self, noise: int = 32):
        check_sizes(noise=noise)
        super().__init__(
            nn.Linear(noise, 256),
            nn.BatchNorm1d(256),
            nn.ReLU(),
            nn.Linear(256, 512),
            nn.BatchNorm1d(512),
            nn.ReLU(),
            nn.Linear(512, PIXELS),
            nn.Sigmoid(),
            nn.Unflatten(1, SHAPE),
        )
        self.noise = noise


class Discriminator(nn.Sequential):
    """Images (N, 1, 28, 28) -> logits (N,), above 0 for "real": the detective of a GAN.

    Parameters
    ----------
    dropout : float
        Share of each hidden layer that is left out, so that it does not win too early.
    """

    def __init__(self, dropout: float = 0.3):
        super().__init__(
            nn.Flatten(),
            nn.Linear(PIXELS, 256),
            nn.LeakyReLU(0.2),
            nn.Dropout(dropout),
            nn.Linear(256, 128),
            nn.LeakyReLU(0.2),
            nn.Dropout(dropout),
            nn.Linear(128, 1),
            nn.Flatten(0),
        )


Loss = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
_yes = F.binary_cross_entropy_with_logits  # how far from 1 for yes, 0 for no


def detecting(discriminator: nn.Module, generator: Generator) -> Loss:
    """Return the discriminator's loss: real images are 1, the generator's are 0.

    Called with the logits of real images and with their labels, 1; it draws as many
    images from the generator, anew each time, which learns nothing from it.
    """

    def loss(logits, labels):
        noise = torch.randn(len(logits), generator.noise, device=logits.device)
        with torch.no_grad():
            made = generator(noise)
        of_made = discriminator(made)
        return (_yes(logits, labels) + _yes(of_made, torch.zeros_like(of_made))) / 2

    return loss


def forging(discriminator: nn.Module) -> Loss:
    """Return the generator's loss: how far its images are from being taken for 1.

    Called with images that it made and with the labels it would like, 1. Gradients
    reach the discriminator, too: its own training clears them before each step.
    """
    return lambda images, labels: _yes(discriminator(images), labels)


# -- through a narrow code -------------------------------------------------------------


class VariationalAutoencoder(nn.Module):
    """Images -> a Gaussian for each one's code -> images again.

    Kingma and Welling (2014), arXiv 1312.6114; trained with `generating.vae_loss` to
    return its input. Raises ValueError if a size is below 1.

    Parameters
    ----------
    codes : int
        D, the numbers in a code: the narrow place.
    hidden : int
        Size of the layer on either side of it.
    """

    def __init__(self, codes: int = 16, hidden: int = 256):
        super().__init__()
        check_sizes(codes=codes, hidden=hidden)
        self.codes = codes
        self.encoder = nn.Sequential(
            nn.Flatten(),
            nn.Linear(PIXELS, hidden),
            nn.ReLU(),
            nn.Linear(hidden, 2 * codes),
        )
        self.decoder = nn.Sequential(
            nn.Linear(codes, hidden),
            nn.ReLU(),
            nn.Linear(hidden, PIXELS),
            nn.Unflatten(1, SHAPE),
        )

    def encode(self, images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the mean and log_variance, (N, D) each, of the images' codes."""
        return self.encoder(images).chunk(2, dim=1)

    def decode(self, codes: torch.Tensor) -> torch.Tensor:
        """Return images (N, 1, 28, 28) of codes (N, D); ValueError if they differ."""
        check_codes(codes, self.codes)
        return self.decoder(codes).sigmoid()

    def forward(
        self, images: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Return logits of the pixels, mean and log_variance; the code is drawn."""
        mean, log_variance = self.encode(images)
        return (
            self.decoder(reparameterize(mean, log_variance)),
            mean,
            log_variance,
        )


# -- from noise to a code, step by step ------------------------------------------------


class VelocityNetwork(nn.Module):
    """Where a code has to go at time t to become that of a digit: -> (N, D).

    Latent diffusion (Rombach and others, 2022, arXiv 2112.10752) by flow matching.

    Parameters
    ----------
    codes : int
        D, the numbers in a code.
    classes : int
        How many digits can be asked for; one class more stands for "any".
    hidden : int
        Size of the three hidden layers.

    Raises
    ------
    ValueError
        If a size is below 1; in use, if codes or digits are not those it was made for.
    """

    def __init__(self, codes: int = 16, classes: int = 10, hidden: int = 256):
        super().__init__()
        check_sizes(codes=codes, classes=classes, hidden=hidden)
        self.codes, self.any = codes, classes
        self.asked = nn.Embedding(classes + 1, 32)
        # Waves of eight lengths: a single number for the time is hard to read.
        waves = torch.pi / 2 * 2.0 ** torch.arange(8)
        self.register_buffer("waves", waves, persistent=False)
        self.network = nn.Sequential(
            nn.Linear(codes + 32 + 17, hidden),
            nn.SiLU(),
            nn.Linear(hidden, hidden),
            nn.SiLU(),
            nn.Linear(hidden, hidden),
            nn.SiLU(),
            nn.Linear(hidden, codes),
        )

    def forward(
        self, x: torch.Tensor, t: torch.Tensor, digits: torch.Tensor
    ) -> torch.Tensor:
        """Return velocities (N, D) at x (N, D) and t (N,), toward digits (N,)."""
        check_codes(x, self.codes)
        check_digits(digits, self.any + 1)
        angles = t[:, None] * self.waves
        time = torch.cat([t[:, None], angles.sin(), angles.cos()], dim=1)
        return self.network(torch.cat([x, self.asked(digits), time], dim=1))

    def toward(
        self, digits: torch.Tensor, guidance: float = 0
    ) -> Callable[[torch.Tensor, torch.Tensor], torch.Tensor]:
        """Return velocity(x, t) toward digits (N,), for `generating.flow_steps`.

        With guidance other than 0 the network is asked twice: for them, and for any.
        """
        conditional = partial(self, digits=digits)
        if not guidance:
            return conditional
        unconditional = partial(self, digits=torch.full_like(digits, self.any))
        return lambda x, t: guided(conditional(x, t), unconditional(x, t), guidance)


class FlowMatching(nn.Module):
    """Train a `VelocityNetwork`: digits (N,) -> velocity(x, t) toward each.

    For `Training` with `generating.flow_loss` and the digits' codes as targets. Some
    digits, drawn anew each time, are replaced by "any": what guidance compares with.
    Raises ValueError if `drop` is not from 0 to 1.

    Parameters
    ----------
    network : VelocityNetwork
        It is what learns.
    drop : float
        Share of the digits to replace.
    """

    def __init__(self, network: VelocityNetwork, drop: float = 0.1):
        super().__init__()
        check_share("drop", drop)
        self.network, self.drop = network, drop

    def forward(
        self, digits: torch.Tensor
    ) -> Callable[[torch.Tensor, torch.Tensor], torch.Tensor]:
        """Return velocity(x, t)."""
        dropped = torch.rand(len(digits), device=digits.device) < self.drop
        return self.network.toward(digits.masked_fill(dropped, self.network.any))


@torch.no_grad()
def draw_digits(
    velocity: VelocityNetwork,
    autoencoder: VariationalAutoencoder,
    digits: torch.Tensor,
    steps: int = 20,
    guidance: float = 0,
    noise: torch.Tensor | None = None,
) -> torch.Tensor:
    """Return an image (N, 1, 28, 28) of each digit (N,), by latent diffusion.

    From noise (N, D), else drawn, to a code in so many steps, and from there to an
    image. Raises ValueError if steps or guidance make no sense, or codes do not fit.
    """
    if noise is None:
        noise = torch.randn(len(digits), velocity.codes, device=digits.device)
    codes = flow_steps(velocity.toward(digits, guidance), noise, steps)
    return autoencoder.decode(codes)
