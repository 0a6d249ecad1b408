import math

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from bigmodel_lab.from_scratch import attention

SHAPES = [(1, 1, 1, 2), (2, 3, 7, 8), (3, 2, 12, 16)]  # (N, H, T, D)


def random(*shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed)).double()


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("causal", [True, False])
def test_attention_is_pytorchs(shape, causal):
    q, k, v = (random(*shape, seed=seed) for seed in range(3))
    mask = attention.causal_mask(shape[2]) if causal else None
    theirs = F.scaled_dot_product_attention(q, k, v, is_causal=causal)
    torch.testing.assert_close(attention.attention(q, k, v, mask), theirs)


def test_another_scale_is_pytorchs():
    q, k, v = (random(2, 5, 4, seed=seed) for seed in range(3))
    theirs = F.scaled_dot_product_attention(q, k, v, scale=1.0)
    torch.testing.assert_close(attention.attention(q, k, v, scale=1.0), theirs)


def test_gradients_are_the_numerical_ones():
    parts = [random(1, 4, 3, seed=seed).requires_grad_() for seed in range(3)]
    mask = attention.causal_mask(4)
    assert torch.autograd.gradcheck(
        lambda q, k, v: attention.attention(q, k, v, mask), parts
    )


def test_a_place_sees_itself_and_those_before_it():
    assert attention.causal_mask(3).tolist() == [
        [True, False, False],
        [True, True, False],
        [True, True, True],
    ]
    assert attention.causal_mask(3, first=2).tolist() == [[True, True, True]]


@pytest.mark.parametrize(("N", "T", "heads", "D"), [(1, 1, 1, 2), (2, 6, 3, 4)])
def test_heads_are_those_of_multihead_attention(N, T, heads, D):
    torch.manual_seed(0)
    ours = attention.SelfAttention(heads * D, heads)
    theirs = nn.MultiheadAttention(heads * D, heads, bias=False, batch_first=True)
    with torch.no_grad():
        parts = ours.query.weight, ours.key.weight, ours.value.weight
        theirs.in_proj_weight.copy_(torch.cat(parts))
        theirs.out_proj.weight.copy_(ours.output.weight)
    x = torch.randn(N, T, heads * D)
    mask = ~attention.causal_mask(T)
    y, weights = theirs(x, x, x, attn_mask=mask, average_attn_weights=False)
    torch.testing.assert_close(ours(x), y)
    torch.testing.assert_close(ours.weights(x), weights)


def test_heads_are_split_and_joined():
    x = random(2, 5, 12)
    split = attention.split_heads(x, 3)
    assert split.shape == (2, 3, 5, 4)
    assert torch.equal(split[1, 2, 4], x[1, 4, 8:])
    assert torch.equal(attention.join_heads(split), x)


def test_a_turned_product_knows_only_the_distance():
    q, k = random(2, 1, 8)

    def product(t, s):
        return (attention.rotate(q, t) @ attention.rotate(k, s).T).item()

    assert product(7, 3) == pytest.approx(product(104, 100), abs=1e-4)
    assert product(7, 3) != pytest.approx(product(7, 2), abs=1e-2)


def test_turning_is_a_product_with_a_complex_number():
    x, base = random(6, 8), 1000.0
    a, b = x.chunk(2, -1)
    speeds = base ** (-torch.arange(4).double() / 4)
    turned = torch.complex(a, b) * torch.exp(1j * torch.arange(3, 9)[:, None] * speeds)
    theirs = torch.cat([turned.real, turned.imag], -1)
    torch.testing.assert_close(
        attention.rotate(x, first=3), theirs, atol=1e-5, rtol=1e-5
    )
    torch.testing.assert_close(
        attention.rotate(x).norm(dim=-1), x.norm(dim=-1), atol=1e-5, rtol=1e-5
    )


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: attention.split_heads(random(1, 2, 10), 3), "10 dimensions cannot"),
        (lambda: attention.SelfAttention(10, 3), "among 3 heads"),
        (lambda: attention.SelfAttention(10, 0), "among 0 heads"),
        (lambda: attention.rotate(random(4, 7)), "a head has 7"),
    ],
)
def test_sizes_that_do_not_fit_are_told(call, says):
    with pytest.raises(ValueError, match=says):
        call()


def test_a_mean_without_weights_has_no_order():
    x = random(3, 8)
    without = attention.attention(x, x, x).mean(0)
    turned = attention.attention(x.flip(0), x.flip(0), x.flip(0)).mean(0)
    torch.testing.assert_close(without, turned)
    assert not math.isclose(without.norm(), 0)
