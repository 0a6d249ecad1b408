"""Generating: three ways from random numbers to a digit."""

from itertools import pairwise

from bigmodel_lab.colors import BLUE, GRAY, GREEN, ORANGE
from bigmodel_lab.drawings.sketch import Sketch

SMALL = {"size": 9}
DIGIT = (17, 4.6)  # the size of a box with 784 numbers
NETWORK = (15, 4.6)
CODE = (8, 4.6)  # narrow: 16 numbers


def three_generators() -> None:
    """Draw a GAN, a VAE and latent diffusion side by side."""
    sketch = Sketch(112, 48, "Three ways from random numbers to a digit")
    _gan(sketch)
    _vae(sketch, 53)
    _diffusion(sketch, 81)
    for x in (37, 70):
        sketch.axes.plot([x, x], [1, 46], ":", color=GRAY, linewidth=1)
    sketch.show(
        "Three drawings side by side. GAN, two networks against each other: noise goes "
        "through a generator and becomes a made digit; a discriminator sees made and "
        "real digits and says which is which; a dashed arrow leads from it back to the "
        "generator, which learns to fool it. VAE, through a narrow code: a real digit "
        "goes through an encoder to a code of 16 numbers, and through a decoder to the "
        "digit again; noise in the place of the code makes a new one. Diffusion, step "
        "by step: noise goes down through four small steps to a code; a velocity "
        "network, told which digit is asked for, says at each step where to go; the "
        "VAE's decoder makes a digit of the code."
    )


def _title(sketch, x, name, idea):
    """Write a way's name and its idea over its drawing."""
    sketch.text(x, 2.5, name, size=11)
    sketch.text(x, 6, idea, **SMALL)


def _gan(sketch):
    """Draw the GAN at the left."""
    _title(sketch, 18, "GAN", "two networks against each other")
    noise = sketch.box(13, 11.5, "noise", CODE, GRAY)
    generator = sketch.box(13, 20, "generator", NETWORK, ORANGE)
    made = sketch.box(13, 29, "made digit", (13, 4.6), GREEN)
    real = sketch.box(28, 29, "real digit", (13, 4.6), GRAY)
    discriminator = sketch.box(20.5, 38, "discriminator", (17, 4.6), BLUE)
    answer = sketch.box(20.5, 45, "real or made?", (17, 4.6), GRAY)
    chain = (noise, generator), (generator, made), (made, discriminator)
    for start, end in (*chain, (real, discriminator), (discriminator, answer)):
        sketch.arrow(start, end)
    sketch.arrow((11.5, 38), (5.2, 20.6), color=ORANGE, bend=-0.45, dashed=True)
    sketch.text(6, 42.5, "fool it\nnext time", color=ORANGE, **SMALL)


def _vae(sketch, x):
    """Draw the VAE around x."""
    _title(sketch, x, "VAE", "through a narrow code")
    rows = (
        ("real digit", DIGIT, GRAY),
        ("encoder", NETWORK, BLUE),
        ("code", CODE, BLUE),
        ("decoder", NETWORK, ORANGE),
        ("digit again", DIGIT, GREEN),
    )
    boxes = [
        sketch.box(x, 11.5 + 8.2 * row, words, size, color)
        for row, (words, size, color) in enumerate(rows)
    ]
    for start, end in pairwise(boxes):
        sketch.arrow(start, end)
    noise = sketch.box(x - 11, boxes[2].y, "noise", CODE, GRAY)
    sketch.arrow(noise, boxes[2], color=ORANGE, dashed=True)
    sketch.text(x + 10.3, boxes[2].y, "16\nnumbers", **SMALL)
    sketch.text(x - 11, boxes[3].y - 3.8, "for a\nnew one", color=ORANGE, **SMALL)


def _diffusion(sketch, x):
    """Draw latent diffusion from x to the right."""
    _title(sketch, x + 11, "diffusion", "from noise to a code, step by step")
    start = sketch.box(x, 11.5, "noise", CODE, GRAY)
    network = sketch.box(x + 19, 22, "velocity\nnetwork", (13, 7), ORANGE)
    asked = sketch.box(x + 19, 11.5, "asked: a 7", (13, 4.6), GRAY)
    sketch.arrow(asked, network)
    end = sketch.box(x, 33, "code", CODE, BLUE)
    points = [16.5, 20.2, 23.9, 27.6]
    before = start
    for k, y in enumerate(points):
        step = sketch.box(x, y, size=(3.2 - 0.3 * k, 1.5), color=ORANGE)
        sketch.arrow(before, step)
        sketch.arrow(network, (x + 2.6, y), color=ORANGE)
        before = step
    sketch.arrow(before, end)
    decoder = sketch.box(x, 40, "decoder", (13, 4.6), ORANGE)
    digit = sketch.box(x + 20, 40, "made digit", (15, 4.6), GREEN)
    sketch.arrow(end, decoder)
    sketch.arrow(decoder, digit)
    sketch.text(x + 16, 30, "which way from here?", color=ORANGE, **SMALL)
    sketch.text(x, 44.3, "the VAE's", **SMALL)
