"""Models that made history, as their papers and configurations describe them."""

from bigmodel_lab.from_scratch.counting import Transformer
from bigmodel_lab.models.gpt import GPT


def gpt(layers, dimensions, heads, length, vocabulary_size=50_257, **more):
    """Return a GPT: LayerNorms, biases, learned places, a tied head."""
    return Transformer(layers, dimensions, heads, vocabulary_size, length, **more)


def bert(layers, dimensions, heads):
    """Return a BERT: a table for the two parts of a text, and a pooler, on top."""
    pooler = dimensions * dimensions + dimensions
    extra = 2 * dimensions + pooler
    return Transformer(layers, dimensions, heads, 30_522, 512, extra=extra)


def llama(layers, dimensions, heads, vocabulary_size, length, **more):
    """Return a Llama: RMSNorms, gated MLPs, rotary positions, a head of its own."""
    kind = {"gated": True, "shifts": False, "places": False, "tied": False}
    kind |= {"biases": "none"} | more
    return Transformer(layers, dimensions, heads, vocabulary_size, length, **kind)


QWEN = {"biases": "attention inputs"}
TRANSFORMERS = {  # name (year): its configuration
    "GPT (2018)": gpt(12, 768, 12, 512, 40_478, extra=-2 * 768),  # no last norm
    "BERT base (2018)": bert(12, 768, 12),
    "BERT large (2018)": bert(24, 1024, 16),
    "GPT-2 (2019)": gpt(12, 768, 12, 1024),
    "GPT-2 XL (2019)": gpt(48, 1600, 25, 1024),
    "GPT-3 (2020)": gpt(96, 12_288, 96, 2048),
    "Llama 2 70B (2023)": llama(
        80, 8192, 64, 32_000, 4096, key_value_heads=8, hidden=28_672
    ),
    "Llama 3 8B (2024)": llama(
        32, 4096, 32, 128_256, 8192, key_value_heads=8, hidden=14_336
    ),
    "Qwen2.5 0.5B (2024)": llama(
        24, 896, 14, 151_936, 32_768, key_value_heads=2, hidden=4864, tied=True, **QWEN
    ),
    "Qwen2.5 7B (2024)": llama(
        28, 3584, 28, 152_064, 32_768, key_value_heads=4, hidden=18_944, **QWEN
    ),
}
# Silver and others (2016): 13 layers of 192 filters on a board of 48 planes; the last
# one has a bias for each of the 361 points.
ALPHAGO = [(5, 48, 192), *[(3, 192, 192)] * 11, (1, 192, 1)]
# Its value network sees one plane more, whose turn it is, and has two dense layers on
# top, of 256 and 1.
ALPHAGO_VALUE = [(5, 49, 192), *[(3, 192, 192)] * 11, (1, 192, 1)]
ALPHAGO_VALUE += [(1, 361, 256), (1, 256, 1)]
# He and others (2016): blocks of three convolutions, the middle one 3 x 3.
RESNET_50 = {64: 3, 128: 4, 256: 6, 512: 3}  # width: blocks


# Krizhevsky and others (2012): (size, inputs, outputs) of convolutions, some of which
# see one half of the channels, and of dense layers, as convolutions of one point.
ALEXNET = [(11, 3, 96), (5, 48, 256), (3, 256, 384), (3, 192, 384), (3, 192, 256)]
ALEXNET += [(1, 6 * 6 * 256, 4096), (1, 4096, 4096), (1, 4096, 1000)]


def convolution(size: int, inputs: int, outputs: int) -> int:
    """Return the weights of a convolution, size x size, without biases."""
    return size * size * inputs * outputs


def alphago_parameters() -> int:
    """Return the parameters of AlphaGo's policy network."""
    biases = 12 * 192 + 361
    return sum(convolution(*layer) for layer in ALPHAGO) + biases


def alphago_value_parameters() -> int:
    """Return the parameters of AlphaGo's value network, with a bias for each output."""
    return sum(convolution(*layer) + layer[2] for layer in ALPHAGO_VALUE)


def alphago_zero_parameters(blocks: int = 19) -> int:
    """Return the parameters of AlphaGo Zero: one network, residual blocks, two heads.

    Silver and others (2017): 19 blocks, or 39, on a board of 17 planes. Convolutions
    have norms, and no biases; the policy has a logit for each point, and one to pass.
    """
    layers = [(3, 17, 256), *[(3, 256, 256)] * 2 * blocks]
    layers += [(1, 256, 2), (1, 256, 1)]  # the first of the policy's, and the value's
    norms = sum(2 * outputs for _, _, outputs in layers)
    dense = [(1, 2 * 361, 362), (1, 361, 256), (1, 256, 1)]
    biases = sum(outputs for _, _, outputs in dense)
    return sum(convolution(*layer) for layer in layers + dense) + norms + biases


def alexnet_parameters() -> int:
    """Return the parameters of AlexNet, with a bias for each output."""
    return sum(convolution(*layer) + layer[2] for layer in ALEXNET)


def resnet_parameters() -> int:
    """Return the parameters of ResNet-50: convolutions, their norms, 1,000 classes."""
    layers, width = [(7, 3, 64)], 64
    for narrow, blocks in RESNET_50.items():
        layers += [(1, width, 4 * narrow)]  # the shortcut of the first block
        for _ in range(blocks):
            layers += [(1, width, narrow), (3, narrow, narrow), (1, narrow, 4 * narrow)]
            width = 4 * narrow
    norms = sum(2 * outputs for _, _, outputs in layers)
    head = width * 1000 + 1000
    return sum(convolution(*layer) for layer in layers) + norms + head


def described(model: GPT) -> Transformer:
    """Return what there is to count of one of our GPTs; ValueError: not whole."""
    settings = model.settings
    return Transformer(
        settings["layers"],
        settings["dimensions"],
        settings["heads"],
        settings["vocabulary_size"],
        settings["length"],
        biases="none",
        shifts=False,
        places=settings["positions"] in ("learned", "both"),
    )
