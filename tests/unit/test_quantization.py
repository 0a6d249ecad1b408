"""Quantization by hand is PyTorch's, to the last bit; packing loses nothing."""

import pytest
import torch
from torch.nn import functional as F

from bigmodel_lab import quantization


def weights(seed, *shape):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(shape, generator=generator)


SHAPES = [(4, 9), (3, 2, 3, 3), (1, 1), (7, 130)]


@pytest.mark.parametrize("bits", range(2, 9))
@pytest.mark.parametrize("shape", SHAPES)
def test_rows_are_rounded_as_by_pytorch(shape, bits):
    w, top = weights(bits, *shape), 2 ** (bits - 1) - 1
    codes, scale = quantization.quantize(w, bits)
    theirs = torch.fake_quantize_per_channel_affine(
        w, scale.flatten(), torch.zeros(len(w), dtype=torch.int32), 0, -top, top
    )
    assert torch.equal(quantization.dequantize(codes, scale), theirs)
    assert codes.dtype == torch.int8
    assert (codes.abs().flatten(1).amax(1) == top).all()


@pytest.mark.parametrize("bits", [2, 4, 8])
@pytest.mark.parametrize("shape", SHAPES)
def test_a_whole_tensor_is_rounded_as_by_pytorch(shape, bits):
    w, top = weights(bits, *shape), 2 ** (bits - 1) - 1
    codes, scale = quantization.quantize(w, bits, per_channel=False)
    theirs = torch.fake_quantize_per_tensor_affine(w, float(scale), 0, -top, top)
    assert torch.allclose(quantization.dequantize(codes, scale), theirs, atol=1e-7)
    assert scale.numel() == 1


def test_none_is_more_than_half_a_step_away():
    w = weights(0, 5, 100)
    codes, scale = quantization.quantize(w, 4)
    assert ((codes * scale - w).abs() <= scale / 2 * 1.0001).all()


def test_a_row_of_zeros_stays_zero():
    w = torch.stack([torch.zeros(6), torch.ones(6)])
    codes, scale = quantization.quantize(w, 3)
    assert torch.equal(quantization.dequantize(codes, scale), w)


@pytest.mark.parametrize(("low", "high"), [(0.0, 6.0), (-1.5, 2.5), (1.0, 3.0)])
@pytest.mark.parametrize("bits", [3, 8])
def test_what_a_layer_reads_is_rounded_as_by_pytorch(low, high, bits):
    x = 4 * weights(1, 50)
    scale, zero = quantization.affine(low, high, bits)
    codes = quantization.encode(x, scale, zero, bits)
    theirs = torch.fake_quantize_per_tensor_affine(x, scale, zero, 0, 2**bits - 1)
    assert torch.allclose((codes - zero) * scale, theirs, atol=1e-6)
    assert (quantization.encode(torch.zeros(1), scale, zero, bits) == zero).all()


def test_a_range_of_nothing_has_a_scale():
    assert quantization.affine(0.0, 0.0) == (1.0, 0)


@pytest.mark.parametrize("seed", range(3))
def test_whole_numbers_alone_are_a_linear_layer(seed):
    w, x = weights(seed, 10, 40), weights(seed + 10, 6, 40).relu()
    x_scale, x_zero = quantization.affine(0.0, float(x.max()))
    x_codes = quantization.encode(x, x_scale, x_zero)
    w_codes, w_scale = quantization.quantize(w)
    result = quantization.integer_linear(x_codes, x_scale, x_zero, w_codes, w_scale)
    rounded = F.linear((x_codes - x_zero) * x_scale, w_codes * w_scale)
    assert torch.allclose(result, rounded, atol=1e-5)
    assert torch.allclose(result, F.linear(x, w), atol=0.2)


@pytest.mark.parametrize("bits", [2, 4, 8])
@pytest.mark.parametrize("shape", [(1,), (5,), (4, 7), (2, 3, 5)])
def test_packed_codes_come_back(shape, bits):
    limit = 2 ** (bits - 1)
    generator = torch.Generator().manual_seed(bits)
    codes = torch.randint(-limit, limit, shape, generator=generator, dtype=torch.int8)
    packed = quantization.pack(codes, bits)
    assert packed.dtype == torch.uint8
    assert len(packed) == -(-codes.numel() * bits // 8)
    assert torch.equal(quantization.unpack(packed, bits, codes.shape), codes)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda q: q.quantize(torch.ones(2, 2), 1), "from 2 to 8, got 1"),
        (lambda q: q.quantize(torch.ones(2, 2), 16), "from 2 to 8, got 16"),
        (lambda q: q.quantize(torch.tensor([[float("nan")]])), "did not diverge"),
        (lambda q: q.affine(3.0, 1.0), "low not above high: got 3.0 and 1.0"),
        (lambda q: q.affine(0.0, float("inf")), "must be finite"),
        (lambda q: q.pack(torch.tensor([1]), 3), "2, 4 or 8 bits"),
        (lambda q: q.pack(torch.tensor([9]), 4), "hold codes from -8 to 7, got 9"),
        (
            lambda q: q.integer_linear(
                torch.ones(2, 3, dtype=int), 1.0, 0, torch.ones(2, 4, dtype=int), 1
            ),
            r"got \(2, 3\) and \(2, 4\)",
        ),
        (
            lambda q: q.integer_linear(
                torch.ones(2, 3), 1.0, 0, torch.ones(2, 3, dtype=int), 1
            ),
            "whole numbers",
        ),
    ],
)
def test_bad_input_gets_one_clear_sentence(call, message):
    with pytest.raises(ValueError, match=message) as error:
        call(quantization)
    assert "\n" not in str(error.value)
