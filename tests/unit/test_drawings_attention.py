"""The numbers in the drawings of chapter 07."""

import math
import re

import pytest
import torch
from torch.nn import functional as F

from bigmodel_lab.drawings.gpt import merged


@pytest.fixture
def told(drawn):
    """Return a function that draws and returns (the words on the paper, alt text)."""

    def draw(name):
        figure, alt = drawn(name)
        return [text.get_text() for text in figure.axes[0].texts], alt

    return draw


def test_the_step_of_attention_gives_what_pytorch_gives(told):
    words, alt = told("attention_step")
    numbers = [float(word) for word in words if re.fullmatch(r"-?[\d.]+", word)]
    q, k, v = (
        torch.tensor(part).reshape(-1, width)
        for part, width in (
            (numbers[:4], 4), (numbers[4:20], 4), (numbers[24:36], 3)
        )
    )  # fmt: skip
    torch.testing.assert_close(torch.tensor(numbers[20:24]), (q @ k.T)[0] / 2)
    mean = F.scaled_dot_product_attention(q, k, v)[0]
    torch.testing.assert_close(torch.tensor(numbers[36:]), mean, atol=0.005, rtol=0)
    for weight in ((q @ k.T)[0] / 2).softmax(0):
        assert f"{100 * weight:.0f} %" in words
        assert f"{100 * weight:.0f} %" in alt


def test_a_query_and_a_key_two_places_apart_have_one_product(told):
    _, alt = told("rotary")
    first, second = re.findall(r"-?\d\.\d\d", alt)
    assert first == second == f"{math.cos(0.8 - 1.0 + 2 * 0.5):.2f}"


def test_the_places_computed_are_counted(told):
    words, _ = told("key_value_cache")
    assert (
        f"{sum(range(7))} places computed,\n{sum(range(33))} in a poem of 32 tokens"
        in words
    )
    assert "6 places computed,\n32 in a poem of 32 tokens" in words


@pytest.mark.parametrize(
    ("word", "pair", "tokens"),
    [
        ("aaa", "aa", ["aa", "a"]),
        ("aaaa", "aa", ["aa", "aa"]),
        ("noon", "on", ["n", "o", "on"]),
        ("moon", "xy", ["m", "o", "o", "n"]),
    ],
)
def test_a_pair_is_merged_from_left_to_right(word, pair, tokens):
    assert merged(list(word), tuple(pair)) == tokens


def test_the_pairs_grow_to_words(told):
    words, alt = told("byte_pairs")
    assert "one token: oo, oon, moon, li, lig, ligh, light." in alt
    assert "o + o: 3 times" in words
    assert [word for word in words if word.isdigit()] == [
        "22", "19", "16", "14", "12", "10", "8", "6"
    ]  # fmt: skip
