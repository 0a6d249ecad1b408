"""A small GPT of a few poems, untrained, for the tests of the widgets that write."""

import torch

from bigmodel_lab import models, text

POEMS = [
    "千里莺啼绿映红，水村山郭酒旗风。南朝四百八十寺，多少楼台烟雨中。",
    "朝辞白帝彩云间，千里江陵一日还。两岸猿声啼不住，轻舟已过万重山。",
    "月落乌啼霜满天，江枫渔火对愁眠。姑苏城外寒山寺，夜半钟声到客船。",
]
ALPHABET = text.Characters(POEMS)


def make_model(seed=0, length=33):
    """Return a GPT that writes something else for every seed."""
    torch.manual_seed(seed)
    model = models.GPT(len(ALPHABET), length, 16, 1, 2)
    with torch.no_grad():
        model.tokens.weight.mul_(20)  # so that it has opinions
        model.tokens.weight[0] = 0  # and seldom ends
    return model
