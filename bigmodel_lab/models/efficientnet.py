"""A network that has seen a million photos, and the weights of one (D0 §8.2)."""

from collections.abc import Mapping

import torch
from torch import nn
from torch.nn import functional as F

from bigmodel_lab.models._weights import reason_of, renamed

# A row for each stage of EfficientNet-B0: how many blocks, the kernel's width, the
# first block's stride, how many times wider a block is within, and its channels.
STAGES = (
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)
# How its authors call the weights, and how we do.
RENAMED = [
    (r"^_conv_stem", "stem.convolution"),
    (r"^_bn0", "stem.norm"),
    (r"^_conv_head", "head.convolution"),
    (r"^_bn1", "head.norm"),
    (r"^_fc", "classes"),
    (r"^_blocks", "blocks"),
    (r"_expand_conv", "grow.convolution"),
    (r"_bn0", "grow.norm"),
    (r"_depthwise_conv", "look.convolution"),
    (r"_bn1", "look.norm"),
    (r"_project_conv", "shrink.convolution"),
    (r"_bn2", "shrink.norm"),
]


class EfficientNetLite(nn.Module):
    """Tell what is on pictures (N, 3, H, W) in [0, 1]: logits (N, 1000).

    EfficientNet-Lite0 (Tan and Le, 2019, arXiv 1905.11946, without its gates, so that
    it runs on phones): 4.7 million weights. H and W are multiples of 32; it was trained
    on 224.
    """

    def __init__(self):
        super().__init__()
        self.stem, blocks, channels = Step(3, 32, 3, 2), [], 32
        for count, kernel, stride, wider, out in STAGES:
            for number in range(count):
                blocks.append(
                    Block(channels, out, kernel, 1 if number else stride, wider)
                )
                channels = out
        self.blocks = nn.Sequential(*blocks)
        self.head, self.classes = Step(320, 1280, 1), nn.Linear(1280, 1000)

    def features(self, pictures: torch.Tensor) -> torch.Tensor:
        """Return what it sees, 1,280 numbers a picture: (N, 1280).

        Raises
        ------
        ValueError
            If pictures are not (N, 3, H, W), or H or W is no multiple of 32.
        """
        return self.head(self.features_until(pictures, len(STAGES))).mean((2, 3))

    def features_until(self, pictures: torch.Tensor, stage: int) -> torch.Tensor:
        """Return what the first stages see, (N, C, h, w): to keep, and learn from.

        After stage 0 (the stem) to 7, C is 32, 16, 24, 40, 80, 112, 192 or 320, and h
        is H over 2, 2, 4, 8, 16, 16, 32 or 32.

        Raises
        ------
        ValueError
            If there is no such stage, or pictures do not fit.
        """
        first, shape = self.blocks_until(stage), tuple(pictures.shape)
        if len(shape) != 4 or shape[1] != 3 or shape[2] % 32 or shape[3] % 32:
            raise ValueError(
                f"Pictures (N, 3, H, W) are needed, H and W multiples of 32, got "
                f"{shape}: F.interpolate(pictures, size=96) makes them so."
            )
        # Bytes less 127, over 128: as it was trained.
        x = (pictures * 255 - 127) / 128
        return self.blocks[:first](self.stem(x))

    @staticmethod
    def blocks_until(stage: int) -> int:
        """Return how many blocks the first stages have: 0, 1, 3, 5, 8, 11, 15 or 16.

        Raises
        ------
        ValueError
            If stage is not from 0 to 7.
        """
        if stage not in range(len(STAGES) + 1):
            raise ValueError(f"There are stages 0 to {len(STAGES)}, and no {stage!r}.")
        return sum(count for count, *_ in STAGES[:stage])

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        """Return the logits (N, 1000) of ImageNet's classes."""
        return self.classes(self.features(pictures))


class Step(nn.Module):
    """A convolution without bias, a norm, and ReLU cut off at 6, if any."""

    def __init__(self, channels, filters, kernel, stride=1, groups=1, bend=True):
        super().__init__()
        # TensorFlow pads more to the right and below: for a stride of 2, one less on
        # the left than PyTorch would.
        left = (kernel - stride) // 2
        self.padding = (left, kernel - stride - left) * 2
        self.convolution = nn.Conv2d(
            channels, filters, kernel, stride, groups=groups, bias=False
        )
        self.norm = nn.BatchNorm2d(filters, eps=1e-3, momentum=0.01)
        self.bend = bend

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return (N, filters, H / stride, W / stride)."""
        x = self.norm(self.convolution(F.pad(x, self.padding)))
        return F.relu6(x) if self.bend else x


class Block(nn.Module):
    """Grow, look at each channel by itself, shrink again (MobileNetV2)."""

    def __init__(self, channels, filters, kernel, stride, wider):
        super().__init__()
        within = channels * wider
        self.grow = Step(channels, within, 1) if wider > 1 else nn.Identity()
        self.look = Step(within, within, kernel, stride, groups=within)
        self.shrink = Step(within, filters, 1, bend=False)
        self.adds = stride == 1 and channels == filters

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return (N, filters, H / stride, W / stride)."""
        seen = self.shrink(self.look(self.grow(x)))
        return x + seen if self.adds else seen


def picture_encoder(weights: Mapping[str, torch.Tensor]) -> EfficientNetLite:
    """Return the network with its authors' weights: those of `datasets.efficientnet`.

    Raises
    ------
    ValueError
        If a weight is missing or has another shape.
    """
    model = EfficientNetLite()
    try:
        model.load_state_dict(
            {renamed(name, RENAMED): w for name, w in weights.items()}
        )
    except (AttributeError, RuntimeError) as error:
        raise ValueError(
            f"These are not the weights of EfficientNet-Lite0 ({reason_of(error)}): "
            f"take those that lab.datasets.efficientnet() returns."
        ) from error
    return model.eval()
