"""Exercises of chapter 11: a model that is small, fast and in use."""

import json
import math

import numpy as np
import torch

from bigmodel_lab.exercises.draws import every_other, in_turn, normal
from bigmodel_lab.exercises.judging.judge import exercise

# -- 1 ---------------------------------------------------------------------------------


def _weights_and_bits(rng):
    """Return weights (out, in), each row with a size of its own, and 3 to 6 bits.

    No weight lies near the middle between two steps. The largest one of the first row
    is negative.
    """
    bits = in_turn(rng, 3, 4, 5, 6)
    steps = 2 ** (bits - 1) - 1
    out, inside = rng.integers([3, 6], [6, 9])
    codes = rng.integers(1 - steps, steps, (out, inside))
    codes = codes + rng.uniform(-0.4, 0.4, codes.shape)
    signs = np.where(np.arange(out) % 2, steps, -steps)
    codes[np.arange(out), rng.integers(0, inside, out)] = signs
    scale = rng.permutation(np.geomspace(0.05, 0.5, out)) * rng.uniform(0.8, 1.2)
    return torch.from_numpy(codes * scale[:, None]), bits


@exercise(
    inputs=_weights_and_bits,
    hints=[
        "How large is one step, if the largest weight of a row lies on the last code? "
        "And how many such steps is a weight then?",
        "A row's step is the largest size in it, `weights.abs().amax(1, keepdim=True)`, "
        "divided by 2^(bits - 1) - 1. Divide by it, round, multiply by it.",
        "`scale = weights.abs().amax(1, keepdim=True) / (2 ** (bits - 1) - 1)`, then "
        "`(weights / scale).round() * scale`",
    ],
)
def rounded_weights(weights, bits):
    """Return the weights (out, in) that are left after quantization, as a tensor.

    weights is a tensor (out, in), bits a number from 2 to 8. Each row has a scale of
    its own. A weight becomes the nearest whole number of scales, its code; the codes
    reach from -(2^(bits - 1) - 1) to 2^(bits - 1) - 1, as far down as up, and the
    weight with the largest size of a row has one of these two. Returned is what the
    codes stand for: code times scale.
    """
    largest_code = 2 ** (bits - 1) - 1
    scale = weights.abs().amax(1, keepdim=True) / largest_code
    codes = (weights / scale).round()
    return codes * scale


@rounded_weights.mistakes
def _(weights, bits):
    """
    one_scale_for_all: You took one scale for the whole matrix. Rows of small weights
        then have few codes left: take the largest size of each row.
    scale_for_each_column: Your scales are those of the columns. A row has all weights
        of one output: take the largest size along the other dimension.
    one_code_too_many: You divided by 2^(bits - 1). One of the codes is 0, and so it
        takes 2^(bits - 1) - 1 of them to each side.
    all_codes_to_one_side: You divided by 2^bits - 1. There are so many steps from the
        first code to the last; from 0 on it is half of them.
    width_in_all_steps: You divided the width of 2 largest sizes by 2^bits - 1. Then 0
        has no code in the middle, and the largest weight lies between two codes.
    rounded_down: You rounded down. The nearest code is asked for.
    cut_off: You cut off the fractions, as int() does: all weights become smaller. The
        nearest code is asked for.
    largest_without_sizes: You took the largest weight, not the largest size: a row
        whose largest is negative gets codes that are too long.
    codes: Those are the codes. A network calculates with what they stand for: multiply
        by the scale.
    divided_twice: You divided by the scale twice. The way back is to multiply.
    smallest_to_largest: You spread the codes from the smallest weight to the largest.
        That is for what a layer reads; here they reach as far down as up.
    scale_from_the_mean: Your scale comes from the mean size. Then the larger weights
        need codes that there are none of.
    whole_numbers: You rounded the weights themselves. Divide by the scale first.
    scale: Those are the scales, one for each row. Asked for are the weights.
    """
    W, steps = weights, 2 ** (bits - 1) - 1
    size = W.abs()
    scale = size.amax(1, keepdim=True) / steps

    def nearest(scale, rounded=torch.round):
        return rounded(W / scale) * scale

    low = W.amin(1, keepdim=True)
    step = (W.amax(1, keepdim=True) - low) / (2**bits - 1)
    zero = (-low / step).round()
    return {
        "one_scale_for_all": nearest(size.max() / steps),
        "scale_for_each_column": nearest(size.amax(0) / steps),
        "one_code_too_many": nearest(scale * steps / (steps + 1)),
        "all_codes_to_one_side": nearest(scale * steps / (2**bits - 1)),
        "width_in_all_steps": nearest(2 * scale * steps / (2**bits - 1)),
        "rounded_down": nearest(scale, torch.floor),
        "cut_off": nearest(scale, torch.trunc),
        "largest_without_sizes": nearest(W.amax(1, keepdim=True) / steps),
        "codes": (W / scale).round(),
        "divided_twice": (W / scale).round() / scale,
        "smallest_to_largest": ((W / step).round() + zero - zero) * step,
        "scale_from_the_mean": nearest(size.mean(1, keepdim=True) / steps),
        "whole_numbers": W.round(),
        "scale": scale,
    }


# -- 2 ---------------------------------------------------------------------------------


def _size_bits_and_group(rng):
    """Return how many weights, 3 to 6 bits, and how many of them share a scale."""
    group = in_turn(rng, 32, 64, 128)
    return group * int(rng.integers(1_000, 90_000)), int(rng.integers(3, 7)), group


@exercise(
    inputs=_size_bits_and_group,
    hints=[
        "There are two things in the file: the codes, and the scales. How many are there "
        "of each, and how large is one?",
        "The codes are weights * bits bits, 8 of which make a byte. There are weights / "
        "group scales.",
        "`weights * bits / 8 + weights / group * 2`",
    ],
)
def shrunk_bytes(weights, bits, group):
    """Return how many bytes a quantized matrix takes, codes and scales.

    All are numbers: the matrix has so many weights, each with a code of `bits` bits,
    and the codes lie side by side without gaps. Each `group` of them share a scale, a
    float16 of 2 bytes; `weights` is a multiple of it.
    """
    codes = weights * bits / 8
    scales = weights / group
    return codes + 2 * scales


@shrunk_bytes.mistakes
def _(weights, bits, group):
    """
    scales_forgotten: Those are the codes alone. Without the scales nobody knows what
        they stand for.
    scales_only: Those are the scales alone. The codes come on top.
    bits_for_bytes: You counted a byte for each bit of a code. 8 bits make a byte.
    all_in_bits: That is in bits. Asked for are bytes.
    scales_in_bits: A scale has 16 bits, and the codes are in bytes: it has 2 of these.
    scales_of_four_bytes: You counted 4 bytes for a scale, as for a float32. A float16
        has 2.
    scales_of_one_byte: You counted one byte for a scale. A float16 has 2.
    scales_as_short_as_codes: You counted as many bits for a scale as for a code. It is
        a number of its own, a float16.
    one_scale: You counted one scale in all. Each group has its own.
    a_scale_for_each_weight: You counted a scale for each weight. One serves a whole
        group.
    group_for_the_number_of_groups: You counted `group` scales. So many weights share
        one: there are weights / group of them.
    a_byte_for_each_code: You counted a whole byte for each code. They lie side by side:
        4 bits are half a byte.
    codes_upside_down: You counted 8 / bits bytes for a code: so many codes fit into one
        byte. A code takes bits / 8 of it.
    in_megabytes: That is in MB. Asked for are bytes.
    """
    codes, scales = weights * bits / 8, weights / group
    right = codes + 2 * scales
    return {
        "scales_forgotten": codes,
        "scales_only": 2 * scales,
        "bits_for_bytes": 8 * codes + 2 * scales,
        "all_in_bits": 8 * right,
        "scales_in_bits": codes + 16 * scales,
        "scales_of_four_bytes": codes + 4 * scales,
        "scales_of_one_byte": codes + scales,
        "scales_as_short_as_codes": codes + scales * bits / 8,
        "one_scale": codes + 2,
        "a_scale_for_each_weight": codes + 2 * weights,
        "group_for_the_number_of_groups": codes + 2 * group,
        "a_byte_for_each_code": weights + 2 * scales,
        "codes_upside_down": weights * 8 / bits + 2 * scales,
        "in_megabytes": right / 1e6,
    }


# -- 3 ---------------------------------------------------------------------------------


def _calibration_batches(rng):
    """Return batches (N, in): in two of three checks some numbers are negative.

    The largest number is in a batch between the first and the last, the smallest in
    another one. -low / scale is once above a whole number, once below, never halfway.
    """
    fraction = in_turn(rng, -1, 1, 0) * rng.uniform(0.1, 0.4)
    scale = rng.uniform(0.005, 0.05)
    low = -(int(rng.integers(30, 100)) + fraction) * scale if fraction else 40 * scale
    high = 255 * scale + min(low, 0)
    count, columns = rng.integers([3, 2], [5, 5])
    batches = [
        rng.uniform(0.7 * low if low < 0 else 1.2 * low, high * rng.uniform(0.6, 0.9), s)
        for s in [(int(rows), columns) for rows in rng.permutation(range(4, 10))[:count]]
    ]
    largest = int(rng.integers(1, count - 1))
    smallest = (largest + int(rng.integers(1, count))) % count
    batches[largest][-1, 0] = high
    batches[smallest][0, -1] = low
    return ([torch.from_numpy(batch) for batch in batches],)


@exercise(
    inputs=_calibration_batches,
    hints=[
        "What are the smallest and the largest number that the layer has read, in any "
        "batch? And what if the smallest is above 0?",
        "low is min(0, smallest), high is max(0, largest). From low to high there are "
        "255 steps, and 0 lies -low / scale steps above low.",
        "`x = torch.cat(batches)`, `low, high = min(0, x.min()), max(0, x.max())`, "
        "`scale = (high - low) / 255`, then `(scale, round(float(-low / scale)))`",
    ],
)
def input_codes(batches):
    """Return (scale, zero) for what a layer reads, in codes of 8 bits.

    batches is a list of tensors (N, in): what the layer has read for calibration. The
    codes 0 to 255 are to reach from the smallest number in any batch to the largest,
    and 0 must be in that range: if all numbers are above 0, it begins at 0. A number x
    is about (code - zero) * scale: scale is a number, zero the code of x = 0, a whole
    number.
    """
    x = torch.cat(batches)
    low, high = min(0.0, x.min().item()), max(0.0, x.max().item())
    scale = (high - low) / 255
    return scale, round(-low / scale)


@input_codes.mistakes
def _(batches):
    """
    last_batch_only: That is the range of the last batch. In the others are larger or
        smaller numbers, which would be cut off.
    first_batch_only: That is the range of the first batch. In the others are larger or
        smaller numbers, which would be cut off.
    mean_of_the_ranges: You took the mean of the batches' ranges. What lies outside is
        cut off; here nothing may be: take the smallest and the largest of all.
    range_of_the_means: You took the smallest and the largest mean. Most of the numbers
        lie outside.
    as_far_down_as_up: You spread the codes as far down as up, as for weights. What the
        layer reads does not reach so far down, and half of the codes would be idle.
    steps_256: You divided by 256. Between 256 codes there are 255 steps.
    sign_of_zero: The sign of your zero is wrong: (code - zero) * scale is the smallest
        number at code 0, and that is -zero * scale.
    zero_not_rounded: Your zero is no whole number. It must be a code, so that 0 itself
        has one.
    zero_cut_off: You cut off the fraction of zero, as int() does. The nearest code is
        asked for.
    zero_rounded_up: You rounded zero up. The nearest code is asked for.
    zero_left_out: 0 is not in your range where all numbers are above 0. Then it has no
        code, and padding is 0.
    smallest_number_for_zero: Your second result is the smallest number. Asked for is
        the code of 0: how many steps lies 0 above it?
    codes_from_minus_128: Your zero is for codes from -128 to 127. Here they begin at 0.
    negative_numbers_cut_off: Your range begins at 0. Negative numbers would all become
        0.
    """
    x = torch.cat(batches)
    lows, highs, means = (
        [getattr(batch, kind)().item() for batch in batches]
        for kind in ("min", "max", "mean")
    )
    low, high = min(0, *lows), max(highs)
    scale = (high - low) / 255
    zero = -low / scale

    def code_range(low, high, steps=255):
        step = (high - min(low, 0)) / steps
        return step, round(-min(low, 0) / step)

    step_without_zero = (max(highs) - min(lows)) / 255
    return {
        "last_batch_only": code_range(lows[-1], highs[-1]),
        "first_batch_only": code_range(lows[0], highs[0]),
        "mean_of_the_ranges": code_range(np.mean(lows), np.mean(highs)),
        "range_of_the_means": code_range(min(means), max(means)),
        "as_far_down_as_up": (x.abs().max().item() / 127, 0),
        "steps_256": code_range(low, high, 256),
        "sign_of_zero": (scale, -round(zero)),
        "zero_not_rounded": (scale, zero),
        "zero_cut_off": (scale, int(zero)),
        "zero_rounded_up": (scale, math.ceil(zero)),
        "zero_left_out": (step_without_zero, round(-min(lows) / step_without_zero)),
        "smallest_number_for_zero": (scale, low),
        "codes_from_minus_128": (scale, round(zero) - 128),
        "negative_numbers_cut_off": (high / 255, 0),
    }


# -- 4 ---------------------------------------------------------------------------------


def _sparse_matrix(rng):
    """Return rows, columns (not as many) and a share of zeros, in sixteenths.

    How many weights are zeros is a whole number, without rounding.
    """
    rows, columns = 4 * rng.permutation(np.arange(3, 11))[:2]
    return int(rows), int(columns), in_turn(rng, 14, 5, 12, 15, 10) / 16


@exercise(
    inputs=_sparse_matrix,
    hints=[
        "Does a 0 take less room than another number, where each number has its 4 bytes? "
        "And what must be stored beside the others, so that each finds its place?",
        "All: rows * columns numbers of 4 bytes. Only the others: (1 - share) of them, "
        "with 4 + 8 bytes each, and 8 bytes for each row and one more.",
        "`4 * rows * columns`, and `12 * (1 - share) * rows * columns + 8 * (rows + 1)`",
    ],
)
def file_bytes(rows, columns, share):
    """Return how many bytes a pruned matrix takes, stored in two ways: a pair.

    All are numbers: of the float32 weights of a (rows, columns) matrix, `share` (0 to
    1) are 0. The first way is what a file of a model holds of it, without the header:
    the matrix as it is. The second one (CSR) stores the others alone: each with 4 bytes
    for its value and 8 for the number of its column; and for each row, 8 bytes that say
    where its weights begin, and 8 more for where those of the last row end.
    """
    others = (1 - share) * rows * columns
    return 4 * rows * columns, (4 + 8) * others + 8 * (rows + 1)


@file_bytes.mistakes
def _(rows, columns, share):
    """
    zeros_cost_nothing: You left the zeros out of the first file. There a 0 is a number
        like any other, 4 bytes long: pruning alone makes no file smaller.
    values_only: Your second file has the values, but not where they belong.
    end_forgotten: The end of the last row is missing: rows + 1 numbers, not rows.
    rows_forgotten: Your second file has values and columns, but not where a row begins.
    columns_forgotten: Your second file has values and rows, but not which column each
        value belongs to.
    short_numbers: You counted 4 bytes for the numbers of columns and rows. They have 8.
    row_and_column_for_each: You stored a row and a column with each weight. That is
        another form (COO); here a row only says where it begins.
    zeros_stored: You stored the zeros in the second file, and left out the others.
    columns_for_rows: You counted where each column begins. Here it is each row.
    one_file_in_dense_form: Your second file has the numbers of all columns, also those
        of the zeros.
    in_bits: Those are bits. Asked for are bytes.
    exchanged: The two are exchanged: first the file that keeps all.
    """
    dense = 4 * rows * columns
    others = (1 - share) * rows * columns
    ends = 8 * (rows + 1)
    sparse = 12 * others + ends
    return {
        "zeros_cost_nothing": (4 * others, sparse),
        "values_only": (dense, 4 * others),
        "end_forgotten": (dense, sparse - 8),
        "rows_forgotten": (dense, 12 * others),
        "columns_forgotten": (dense, 4 * others + ends),
        "short_numbers": (dense, 8 * others + ends / 2),
        "row_and_column_for_each": (dense, 20 * others),
        "zeros_stored": (dense, 12 * share * rows * columns + ends),
        "columns_for_rows": (dense, 12 * others + 8 * (columns + 1)),
        "one_file_in_dense_form": (dense, 4 * others + 2 * dense + ends),
        "in_bits": (8 * dense, 8 * sparse),
        "exchanged": (sparse, dense),
    }


# -- 5 ---------------------------------------------------------------------------------


def _rows_and_columns(rng):
    """Return rows and columns of a small matrix, not equally many."""
    rows, columns = rng.permutation(np.arange(8, 33))[:2]
    return int(rows), int(columns)


@exercise(
    inputs=_rows_and_columns,
    hints=[
        "Write down the bytes of both files, the second one with k weights that are not "
        "0. For which k are they equal?",
        "4 rows · columns = 12 k + 8 (rows + 1). Solve for k; the share of the zeros is "
        "1 - k / (rows · columns).",
        "`1 - (4 * rows * columns - 8 * (rows + 1)) / (12 * rows * columns)`",
    ],
)
def sparse_pays_from(rows, columns):
    """Return the share of zeros (0 to 1) from which on a sparse file is smaller.

    Both are numbers. A (rows, columns) matrix is stored whole, with 4 bytes for each
    weight, or without its zeros (CSR): then each other weight takes 4 + 8 bytes, and
    beside them there are rows + 1 numbers of 8 bytes. Returned is the share for which
    both files are equally large; it need not be a whole number of weights.
    """
    all_weights = rows * columns
    others = (4 * all_weights - 8 * (rows + 1)) / (4 + 8)
    return 1 - others / all_weights


@sparse_pays_from.mistakes
def _(rows, columns):
    """
    half: At one half the sparse file is larger: each weight in it takes three times as
        many bytes.
    two_thirds: That would be so if only weights and columns were stored. The rows take
        bytes, too.
    others_without_rows: That is the share of the weights that are *not* 0, and without
        the bytes of the rows. Asked for are the zeros.
    share_of_the_others: That is the share of the weights that are not 0. Asked for are
        the zeros.
    end_forgotten: You counted one number for each row. There is one more.
    rows_with_the_wrong_sign: You let the rows' bytes help the sparse file. They make it
        larger, so that it takes more zeros.
    columns_forgotten: You counted 4 bytes for each weight of the sparse file. The
        number of its column takes 8 more.
    columns_of_four_bytes: You counted 4 bytes for the number of a column. It has 8.
    rows_of_four_bytes: You counted 4 bytes for the number of a row. It has 8.
    row_and_column_for_each: You stored a row and a column with each weight. Here a row
        is stored once.
    columns_for_rows: You counted columns + 1 numbers of 8 bytes. It is rows + 1.
    how_many_zeros: That is how many weights are 0. Asked for is their share.
    in_per_cent: That is in per cent. Asked for is a share.
    """
    n = rows * columns
    right = 2 / 3 + 2 * (rows + 1) / (3 * n)

    def even(each, beside):
        return 1 - (4 * n - beside) / (each * n)

    return {
        "half": 0.5,
        "two_thirds": even(12, 0),
        "others_without_rows": 1 / 3,
        "share_of_the_others": 1 - right,
        "end_forgotten": even(12, 8 * rows),
        "rows_with_the_wrong_sign": even(12, -8 * (rows + 1)),
        "columns_forgotten": even(4, 8 * (rows + 1)),
        "columns_of_four_bytes": even(8, 8 * (rows + 1)),
        "rows_of_four_bytes": even(12, 4 * (rows + 1)),
        "row_and_column_for_each": even(20, 0),
        "columns_for_rows": even(12, 8 * (columns + 1)),
        "how_many_zeros": right * n,
        "in_per_cent": 100 * right,
    }


# -- 6 ---------------------------------------------------------------------------------


def _convolution_and_count(rng):
    """Return weights (out, in, 3, 3) and how many of the output channels are to stay.

    Some channels have a few large weights, others many small ones. The sums of their
    sizes are clearly apart, and not as many channels stay as go.
    """
    out, inside, count = rng.integers([8, 5, 3], [11, 8, 4]).tolist()
    weight = rng.normal(size=(out, inside, 3, 3))
    few = rng.permutation(out) % 3 == 0
    weight[few] *= rng.random(weight[few].shape) < 0.25
    weight += 1e-3 * rng.normal(size=weight.shape)
    shift = rng.choice([-0.3, 0, 0.3], (out, inside, 1, 1))
    weight = np.where(few[:, None, None, None], weight, weight + shift)
    strength = rng.permutation(np.arange(out)) / 10 + 2
    size = abs(weight).sum((1, 2, 3))
    return torch.from_numpy(weight * (strength / size)[:, None, None, None]), count


@exercise(
    inputs=_convolution_and_count,
    hints=[
        "Which of the four dimensions are the output channels? Over the other three, add "
        "up sizes.",
        "`weight.abs().sum((1, 2, 3))` is one number for each channel. `topk(count)` "
        "finds the largest, and its `.indices` say where.",
        "`weight.abs().sum((1, 2, 3)).topk(count).indices.sort().values`",
    ],
)
def kept_channels(weight, count):
    """Return the numbers of the output channels that stay, the smallest number first.

    weight is a tensor (out, in, 3, 3), of a convolution; count is a number: so many of
    the `out` channels are to stay, those with the largest sums of the sizes |w| of
    their weights. Returned is a tensor (count,) of whole numbers, from 0 to out - 1.
    """
    strength = weight.abs().sum((1, 2, 3))
    return strength.topk(count).indices.sort().values


@kept_channels.mistakes
def _(weight, count):
    """
    weakest: Those are the weakest channels. They go; the strongest stay.
    those_that_go: Those are the channels that go. Asked for are those that stay.
    signs_kept: You summed the weights with their signs. Large ones of both signs then
        cancel: sum the sizes.
    over_the_outputs: You summed over the outputs. That is how strong each *input*
        channel is: the first dimension is the outputs.
    strongest_first: The channels are the right ones, in the order of their strength.
        The next layer expects them in the order in which they were.
    weakest_of_them_first: The channels are the right ones, the weakest of them first.
        The next layer expects them in the order in which they were.
    squares: You summed squares. They favor channels with a few large weights; here
        sizes are asked for.
    largest_weight: You compared the largest single weights. Asked for is the sum of all
        sizes of a channel.
    first_ones: Those are the first channels, whatever their weights are.
    mask: That is a mark for each channel. Asked for are the numbers of those that stay.
    strengths: Those are the sums. Asked for is which channels have them.
    all_of_them: Those are all channels in an order. Only `count` of them stay.
    weights_themselves: Those are the weights of the channels that stay. Asked for are
        the channels' numbers.
    """
    size = weight.abs()
    strength = size.sum((1, 2, 3))
    order = strength.argsort(descending=True)

    def largest(values):
        return values.topk(count).indices.sort().values

    kept = largest(strength)
    return {
        "weakest": largest(-strength),
        "those_that_go": order[count:].sort().values,
        "signs_kept": largest(weight.sum((1, 2, 3))),
        "over_the_outputs": largest(size.sum((0, 2, 3))),
        "strongest_first": order[:count],
        "weakest_of_them_first": order[:count].flip(0),
        "squares": largest((weight**2).sum((1, 2, 3))),
        "largest_weight": largest(size.amax((1, 2, 3))),
        "first_ones": torch.arange(count),
        "mask": torch.isin(torch.arange(len(weight)), kept),
        "strengths": strength[order[:count]],
        "all_of_them": order,
        "weights_themselves": weight[kept],
    }
