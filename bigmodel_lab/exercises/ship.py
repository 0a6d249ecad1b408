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
        "A row's step is its largest size, `weights.abs().amax(1, keepdim=True)`, "
        "divided by 2^(bits - 1) - 1. Divide by it, round, multiply by it.",
        "`scale = weights.abs().amax(1, keepdim=True) / (2 ** (bits - 1) - 1)`, then "
        "`(weights / scale).round() * scale`",
    ],
)
def rounded_weights(weights, bits):
    """Return the weights (out, in) that are left after quantization, as a tensor.

    weights is a tensor (out, in), bits a number from 2 to 8. Each row has a scale of
    its own. A weight becomes the nearest whole number of scales, its code. The codes
    reach from -(2^(bits - 1) - 1) to 2^(bits - 1) - 1, as far down as up: the weight of
    a row that is largest in size has one of these two. Returned is what the codes stand
    for: code times scale.
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
    one_code_too_many: You divided by 2^(bits - 1). The largest code is one less: one of
        them is 0, and as many lie below it as above.
    all_codes_to_one_side: You divided by 2^bits - 1, as if the codes began at 0. They
        reach as far down as up: to each side there are 2^(bits - 1) - 1.
    width_in_all_steps: You divided twice the largest size by 2^bits - 1. Then the
        largest weight lies halfway between two codes: to each side there are
        2^(bits - 1) - 1 steps.
    rounded_down: You rounded down. The nearest code is asked for.
    cut_off: You cut off the fractions, as int() does. The nearest code is asked for,
        also where it is the larger one.
    largest_without_sizes: You took the largest weight, not the largest size. A negative
        weight that is larger in size then needs a code that there is not.
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
        "smallest_to_largest": ((W - low) / step).round() * step + low,
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
    tolerance=0,  # one scale more or less is to be seen
    hints=[
        "There are two things in the file: codes and scales. How many of each, and how "
        "large is one?",
        "The codes are weights * bits bits, 8 of which make a byte. There are "
        "weights / group scales.",
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
    inner = 0.7 * low if low < 0 else 1.2 * low
    batches = [
        rng.uniform(inner, high * rng.uniform(0.6, 0.9), (rows, columns))
        for rows in rng.permutation(range(4, 10))[:count]
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
    range_of_the_means: You took the smallest and the largest mean. Many of the numbers
        lie outside.
    as_far_down_as_up: You spread the codes as far down as up, as for weights. What the
        layer reads does not reach so far down, and some codes would be idle.
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
        "Does a 0 take less room than another number, where each has its 4 bytes? And "
        "what must be stored beside the others, so that each finds its place?",
        "All: rows * columns numbers of 4 bytes. Only the others: (1 - share) of them, "
        "with 4 + 8 bytes each, and 8 bytes for each row and one more.",
        "`4 * rows * columns`, and "
        "`12 * (1 - share) * rows * columns + 8 * (rows + 1)`",
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
        like any other, 4 bytes long: setting weights to 0 makes it no smaller.
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
        "Write down the bytes of both files, of the second one with k weights that are "
        "not 0. For which k are they equal?",
        "4 rows · columns = 12 k + 8 (rows + 1). Solve for k; the share of the zeros "
        "is 1 - k / (rows · columns).",
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

    Some channels have few weights, some a single large one, the others many alike. The
    sums of their sizes are clearly apart, and not as many channels stay as go.
    """
    out, inside, count = rng.integers([9, 5, 3], [12, 8, 5]).tolist()
    weight = rng.normal(size=(out, 9 * inside)) + rng.choice([-0.3, 0, 0.3], (out, 1))
    kind = rng.permutation(out) % 3
    weight[kind == 0] *= 0.01 + (rng.random((sum(kind == 0), 9 * inside)) < 0.25)
    weight[kind == 1, rng.integers(9 * inside)] = 15
    sums = 2 + rng.permutation(out) / 10
    weight *= (sums / abs(weight).sum(1))[:, None]
    return torch.from_numpy(weight.reshape(out, inside, 3, 3)), count


@exercise(
    inputs=_convolution_and_count,
    hints=[
        "Which of the four dimensions are the output channels? Over the other three, "
        "add up sizes.",
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
    strongest_first: The channels are the right ones, the strongest of them first. Sort
        them by their numbers: so they stay in the order in which they were.
    weakest_of_them_first: The channels are the right ones, the weakest of them first.
        Sort them by their numbers: so they stay in the order in which they were.
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


# -- 7 ---------------------------------------------------------------------------------


def _logits_and_temperature(rng):
    """Return logits of a student and a teacher (N, C), and a temperature above 1."""
    N, C = rng.permutation(np.arange(3, 8))[:2].tolist()
    return 2 * normal(rng, N, C), 3 * normal(rng, N, C), int(rng.integers(4, 13)) / 2


@exercise(
    inputs=_logits_and_temperature,
    hints=[
        "Turn both into probabilities at the temperature T. How far is the student's "
        "answer from the teacher's, for one sample?",
        "Σ p (log p - log q) over the classes, with p = softmax(teacher / T) and "
        "log q = log_softmax(student / T). Then the mean over the samples, times T².",
        "`p = (teacher / temperature).softmax(1)`, "
        "`log_q = (student / temperature).log_softmax(1)`, then "
        "`temperature**2 * (p * (p.log() - log_q)).sum(1).mean()`",
    ],
)
def soft_loss(student, teacher, temperature):
    """Return the loss of a student that learns its teacher's answers, in nats.

    student and teacher are tensors of logits (N, C), temperature is a number, T. With p
    the softmax of the teacher's logits / T, and q that of the student's: the divergence
    of Kullback and Leibler, Σ p log(p / q) over the classes, as a mean over the
    samples, times T².

    Source: Hinton and others (2015), "Distilling the knowledge in a neural network"
    """
    log_p = (teacher / temperature).log_softmax(1)
    log_q = (student / temperature).log_softmax(1)
    divergence = (log_p.exp() * (log_p - log_q)).sum(1)
    return temperature**2 * divergence.mean()


@soft_loss.mistakes
def _(student, teacher, temperature):
    """
    square_forgotten: T² is missing. Soft answers have smaller gradients, by about T²:
        it makes up for that.
    temperature_once: You multiplied by T. It enters the gradient twice: T².
    student_not_softened: You softened the teacher's answers alone. Then the student
        would have to be uncertain without any temperature.
    teacher_not_softened: You softened the student's answers alone. Then the teacher's
        wrong answers remain nearly invisible.
    neither_softened: You did not divide by T, but multiplied by T². The answers must be
        softened first.
    no_temperature: There is no temperature in it. Divide both logits by T.
    hotter_upside_down: You multiplied the logits by T. That makes the answers harder:
        divide.
    other_way_around: Teacher and student are exchanged. The teacher's probabilities
        weight the differences: it says what matters.
    mean_over_classes: You took the mean over the classes, too, as kl_div does with
        reduction="mean". They are summed: "batchmean".
    sum_over_samples: You summed over the samples. Their mean is asked for.
    hard_answers: That is the cross-entropy with the teacher's best answers. What it
        thinks of the others is what the student should learn.
    logits_compared: You compared the logits. A student may add the same number to all
        of them, and its answers stay the same.
    cross_entropy: Nearly: that is T² times the cross-entropy. Its gradient is the same,
        but it is not 0 where both agree: subtract the teacher's own entropy.
    log_forgotten: Your log q is q itself: kl_div wants the student's log_softmax.
    """
    T, N, C = temperature, *student.shape

    def divergence(student, teacher):
        log_p, log_q = teacher.log_softmax(1), student.log_softmax(1)
        return (log_p.exp() * (log_p - log_q)).sum(1).mean()

    soft = divergence(student / T, teacher / T)
    p, q = ((logits / T).softmax(1) for logits in (teacher, student))
    log_q = student.log_softmax(1)
    return {
        "square_forgotten": soft,
        "temperature_once": T * soft,
        "student_not_softened": T**2 * divergence(student, teacher / T),
        "teacher_not_softened": T**2 * divergence(student / T, teacher),
        "neither_softened": T**2 * divergence(student, teacher),
        "no_temperature": divergence(student, teacher),
        "hotter_upside_down": T**2 * divergence(student * T, teacher * T),
        "other_way_around": T**2 * divergence(teacher / T, student / T),
        "mean_over_classes": T**2 * soft / C,
        "sum_over_samples": T**2 * soft * N,
        "hard_answers": -log_q[torch.arange(N), teacher.argmax(1)].mean(),
        "logits_compared": ((student - teacher) ** 2).mean(),
        "cross_entropy": -(T**2) * (p * q.log()).sum(1).mean(),
        "log_forgotten": T**2 * (p * (p.log() - q)).sum(1).mean(),
    }


# -- 8 ---------------------------------------------------------------------------------


def _two_answers(rng):
    """Return logits (N, C) of two programs, in two of four checks with a NaN in one.

    The largest difference is once above 0, once below it, and never at the largest
    logit, nor in the first row, where two logits change places.
    """
    what = in_turn(rng, "below", "found", "above", "expected")
    N, C = rng.integers([4, 3], [8, 7])
    expected = 3 * rng.normal(size=(N, C))
    differences = rng.uniform(-0.4, 0.4, (N, C))
    row = int(rng.integers(1, N))
    column = expected[row].argmin()
    sign = -1 if what == "below" else 1
    differences[row, column] = sign * rng.uniform(0.5, 0.9)
    best, other = expected[0].argsort()[[-1, 0]]
    expected[0, other] = expected[0, best] - 0.2  # so near that they change places
    differences[0, [best, other]] = -0.2, 0.2
    found = expected + differences
    if what in ("found", "expected"):
        row = int(rng.integers(1, N))
        column = expected[row].argmax()
        expected[row, column] = found[row, column] = 4  # no small difference to 0
        {"found": found, "expected": expected}[what][row, column] = np.nan
    return expected, found


@exercise(
    inputs=_two_answers,
    hints=[
        "How far apart are two numbers, whichever is larger? And what is np.max if one "
        "of its numbers is NaN?",
        "`np.abs(expected - found).max()` is NaN if there is one. `np.isnan` finds it.",
        "`difference = np.abs(expected - found).max()`, then `np.inf if "
        "np.isnan(difference) else difference`",
    ],
)
def largest_difference(expected, found):
    """Return how far two programs' answers are apart at most: a test for a new one.

    expected and found are arrays of logits (N, C): of the network that was trained, and
    of what was made of it. Returned is a number, the largest size of all differences;
    infinity if there is a NaN in either of them, so that no limit lets it pass.
    """
    difference = np.abs(expected - found).max()
    return math.inf if np.isnan(difference) else difference


@largest_difference.mistakes
def _(expected, found):
    """
    nan_returned: You return NaN where there is one. `NaN > limit` is false, so that a
        test for it would pass: return infinity.
    nan_skipped: You left NaN out, as np.nanmax does. A program that answers NaN would
        pass.
    nan_as_zero: You took NaN for 0. A program that answers NaN could pass.
    expected_not_looked_at: You looked for NaN in found only. If it is in expected, the
        test compares with nothing.
    found_not_looked_at: You looked for NaN in expected only. A program that answers NaN
        would pass.
    mean: That is the mean difference. One answer that is quite wrong hides among many
        that are right.
    mean_with_nan: That is the mean difference. One answer that is quite wrong hides
        among many that are right. And where there is a NaN, infinity is asked for.
    only_above: You looked only for what is too large. Take the sizes.
    only_below: You looked only for what is too small. Take the sizes.
    in_proportion: You divided by what was expected. Logits near 0 would make small
        differences large.
    other_answers: You compared which class is largest. Programs that agree on it may
        still differ: the next sample decides.
    first_row_only: You looked at the first sample only.
    length_of_the_difference: That is the root of the sum of squares. It grows with the
        number of samples.
    largest_compared: You compared the largest answers of both. They need not be in the
        same place: subtract first.
    """
    gap = found - expected
    size = np.abs(gap)
    bad = np.isnan(gap).any()

    def unless_nan(value, bad=bad):
        return math.inf if bad else value

    root = np.sqrt((gap**2).sum())
    return {
        "nan_returned": size.max(),
        "nan_skipped": np.nanmax(size),
        "nan_as_zero": np.abs(np.nan_to_num(found) - np.nan_to_num(expected)).max(),
        "expected_not_looked_at": unless_nan(size.max(), np.isnan(found).any()),
        "found_not_looked_at": unless_nan(size.max(), np.isnan(expected).any()),
        "mean": unless_nan(size.mean()),
        "mean_with_nan": size.mean(),
        "only_above": unless_nan(gap.max()),
        "only_below": unless_nan((-gap).max()),
        "in_proportion": unless_nan((size / np.abs(expected)).max()),
        "other_answers": np.mean(expected.argmax(1) != found.argmax(1)),
        "first_row_only": size[0].max(),
        "length_of_the_difference": unless_nan(root),
        "largest_compared": unless_nan(abs(expected.max() - found.max())),
    }


# -- 9 ---------------------------------------------------------------------------------


def _latencies(rng):
    """Return some hundreds of latencies in ms: most are short, a few are long."""
    count = 100 * int(rng.integers(2, 7))
    return (np.round(8 * rng.lognormal(0, 0.8, count), 3),)


@exercise(
    inputs=_latencies,
    hints=[
        "Line the requests up, the fastest one first. Where does the slowest hundredth "
        "of them begin?",
        "At 99 % of the way. NumPy has a function for that, in per cent.",
        "`np.percentile(latencies, 99)`",
    ],
)
def slowest_of_100(latencies):
    """Return the 99th percentile of latencies, in ms.

    latencies is an array (N,), in ms and in no order, of 200 requests or more: 99 of
    100 requests are answered within the time that is returned. It may lie anywhere
    between the two requests there.
    """
    return np.percentile(latencies, 99)


def _another_percentile(method):
    """Return an answer whose percentile lies elsewhere between two requests."""
    return lambda latencies: np.percentile(latencies, 99, method=method)


for _method in (
    "lower",
    "higher",
    "midpoint",  # and hazen, where it is in the middle
    "weibull",  # Python's statistics.quantiles
    "median_unbiased",
    "normal_unbiased",
):
    slowest_of_100.accepts(_another_percentile(_method))


@slowest_of_100.mistakes
def _(latencies):
    """
    mean: That is the mean. A few very slow requests hardly show in it.
    median: That is the median: half of the requests take longer.
    slowest: That is the slowest of all. One accident would decide it.
    fastest: That is the fastest of all. No other request is answered so soon.
    fast_end: That is the fast end: of 100 requests, about 99 take longer.
    share_for_per_cent: You asked for the 0.99th percentile: np.percentile takes 99,
        np.quantile 0.99.
    ninety_fifth: That is the 95th percentile. Five of 100 requests take longer.
    ninetieth: That is the 90th percentile. Ten of 100 requests take longer.
    one_in_a_thousand: That is the 99.9th percentile. Only one of 1,000 takes longer.
    two_deviations: You took the mean and two standard deviations. Latencies are not
        distributed like a bell: their long tail lies to one side.
    hundredth: That is the 100th of the sorted latencies. There are more than 100: go to
        99 % of them.
    not_sorted: You took the place at 99 %, but did not sort.
    share_of_the_slowest: That is 99 % of the slowest one's time. Asked for is what 99 %
        of the requests stay below.
    mean_of_the_slow_ones: That is the mean of the slowest hundredth. Asked for is where
        it begins.
    """
    n = len(latencies)
    in_order = np.sort(latencies)
    return {
        "mean": latencies.mean(),
        "median": np.median(latencies),
        "slowest": in_order[-1],
        "fastest": in_order[0],
        "fast_end": np.percentile(latencies, 1),
        "share_for_per_cent": np.percentile(latencies, 0.99),
        "ninety_fifth": np.percentile(latencies, 95),
        "ninetieth": np.percentile(latencies, 90),
        "one_in_a_thousand": np.percentile(latencies, 99.9),
        "two_deviations": latencies.mean() + 2 * latencies.std(),
        "hundredth": in_order[99],
        "not_sorted": latencies[n * 99 // 100],
        "share_of_the_slowest": 0.99 * in_order[-1],
        "mean_of_the_slow_ones": in_order[n * 99 // 100 :].mean(),
    }


# -- 10 --------------------------------------------------------------------------------


def _clients_and_latency(rng):
    """Return a number of clients, and a latency in ms."""
    return int(rng.integers(3, 65)), int(rng.integers(31, 900)) / 10


@exercise(
    inputs=_clients_and_latency,
    hints=[
        "How many requests does one client send in a second? And all of them?",
        "One client: one request in latency_ms / 1000 seconds, which is "
        "1000 / latency_ms in a second. The others do the same beside it.",
        "`clients / (latency_ms / 1000)`",
    ],
)
def requests_per_second(clients, latency_ms):
    """Return how many requests a server answers in a second: Little's law.

    Both are numbers. Each of the clients sends a request, waits for its answer, which
    takes latency_ms milliseconds, and sends the next one at once.

    Source: Little (1961), "A proof for the queuing formula L = λW"
    """
    seconds = latency_ms / 1000
    return clients / seconds


@requests_per_second.mistakes
def _(clients, latency_ms):
    """
    one_client: That is what one client sends. The others send beside it.
    milliseconds: That is for each millisecond. Asked for is a second.
    multiplied: You multiplied by the latency. The longer an answer takes, the fewer
        there are.
    multiplied_in_seconds: You multiplied by the seconds. Little's law says how many are
        on the way: clients = requests per second · seconds. Divide.
    upside_down: That is upside down: how many milliseconds pass between two answers.
    seconds_for_a_request: That is how many seconds pass between two answers. Asked for
        is how many answers there are in a second.
    shared_out: You shared one client's requests among all of them. Each sends as many.
    latency_forgotten: You let each request take one millisecond.
    one_second_each: You let each request take one second.
    all_but_one: You left one client out. None waits for another here.
    in_a_minute: That is in a minute. Asked for is a second.
    there_and_back: You counted the latency twice. It is the whole time until the answer
        is there.
    """
    one = 1000 / latency_ms
    return {
        "one_client": one,
        "milliseconds": clients / latency_ms,
        "multiplied": clients * latency_ms,
        "multiplied_in_seconds": clients / one,
        "upside_down": latency_ms / clients,
        "seconds_for_a_request": latency_ms / 1000 / clients,
        "shared_out": one / clients,
        "latency_forgotten": 1000 * clients,
        "one_second_each": clients,
        "all_but_one": (clients - 1) * one,
        "in_a_minute": 60 * clients * one,
        "there_and_back": clients * one / 2,
    }


# -- 11 --------------------------------------------------------------------------------


def _queue(rng):
    """Return a place in the queue, the size of a batch and a run's ms.

    As many are in front as fill some batches, or lack one, or fill less than half of
    the last one, or more.
    """
    batch, full, tenths = rng.integers([5, 1, 21], [17, 6, 400]).tolist()
    less, more = rng.integers([1, batch // 2 + 1], [(batch + 1) // 2, batch - 1])
    rest = in_turn(rng, 0, batch - 1, int(less), int(more))
    return full * batch + rest, batch, tenths / 10


@exercise(
    inputs=_queue,
    hints=[
        "With batches of 4: in which batch is a request with 3 others in front of it, "
        "and in which with 4?",
        "`position // batch` batches run before yours. Then yours runs, too.",
        "`(position // batch + 1) * run_ms`",
    ],
)
def waiting_time(position, batch, run_ms):
    """Return how many ms it takes until a request in a queue has its answer.

    All are numbers. `position` other requests are in front of it (0: none), and none is
    being worked on. The model takes the first `batch` requests at once, or as many as
    there are, needs run_ms milliseconds for them, however many they are, and then takes
    the next ones.
    """
    batches_before = position // batch
    return (batches_before + 1) * run_ms


@waiting_time.mistakes
def _(position, batch, run_ms):
    """
    own_batch_forgotten: Those are the batches before yours. Yours must run, too.
    rounded_up: You rounded position / batch up. That fits unless those in front fill
        their batches: then yours is the next one, which is missing.
    rounded_to_the_nearest: You rounded position / batch to the nearest whole number.
        Only batches that are full run before yours; and then yours runs.
    not_rounded: You did not round. A batch runs as a whole, and yours comes on top.
    own_batch_not_rounded: You did not round the batches before yours. You are in one of
        them, or behind it.
    own_share: You counted a part of a run for each request. A batch runs as a whole.
    counted_twice: You counted your own request among those in front: a batch too many
        where it has the last place in one.
    last_place_only: You counted the batches that are full with your request. Yours need
        not be full to run.
    one_batch_too_many: That is one run too many. None was being worked on.
    one_at_a_time: You let the requests run one at a time. A batch takes as long as one.
    one_at_a_time_before: You let those in front run one at a time, and left your own
        request out.
    one_run: That is a single run. There are others in front.
    run_for_each: You counted the run for each request of a batch. It is for all of
        them.
    shared_out: You shared the run out among the batch. Each of them waits for the whole
        of it.
    """
    p, b, run = position, batch, run_ms
    right = (p // b + 1) * run
    return {
        "own_batch_forgotten": p // b * run,
        "rounded_up": math.ceil(p / b) * run,
        "rounded_to_the_nearest": round(p / b) * run,
        "not_rounded": p / b * run,
        "own_batch_not_rounded": (p / b + 1) * run,
        "own_share": (p + 1) / b * run,
        "counted_twice": ((p + 1) // b + 1) * run,
        "last_place_only": (p + 1) // b * run,
        "one_batch_too_many": right + run,
        "one_at_a_time": (p + 1) * run,
        "one_at_a_time_before": p * run,
        "one_run": run,
        "run_for_each": right * b,
        "shared_out": right / b,
    }


# -- 12 --------------------------------------------------------------------------------

_WORDS = ("春", "眠", "不", "觉", "晓", "moon", "river", "fern", "“sleep”", "3.5", "月")


def _stream(rng):
    """Return a stream's lines: pieces of a text, among them spaces and line breaks.

    Every other one begins with a comment, and has no character beyond ASCII.
    """
    words = rng.permutation(_WORDS)[: rng.integers(4, 8)].tolist()
    comment = every_other(rng)
    pieces = [words[0], " " + words[1], "\n", *words[2:], " ", words[0] + "\n"]
    lines = [": ping", ""] if comment else []
    for k, piece in enumerate(pieces):
        choice = {"index": 0, "text": piece, "finish_reason": None}
        data = {"object": "text_completion", "choices": [choice]}
        lines += [f"data: {json.dumps(data, ensure_ascii=comment)}", ""]
        lines += [": ping", ""] if k == 2 else []
    return ([*lines, "data: [DONE]", ""],)


@exercise(
    inputs=_stream,
    hints=[
        "Which lines hold something, and how do you get at the piece in one of them? "
        "What stands in the last one?",
        'Go through the lines that begin with "data: ", up to "data: [DONE]". What '
        "follows is JSON: json.loads makes a dictionary of it.",
        'After `import json`: `json.loads(line.removeprefix("data: "))["choices"][0]'
        '["text"]` is the piece of a line. `"".join(pieces)` puts them together.',
    ],
)
def streamed_text(lines):
    """Return the whole text that a server has streamed, piece by piece, as a string.

    lines is a list of strings, without their line breaks, as OpenAI's servers send
    them: `data: {"choices": [{"text": "春", ...}], ...}` has the next piece of the
    text, an empty line ends each event, a line that begins with `:` is a comment (it
    keeps the connection open), and after the last piece comes `data: [DONE]`. A piece
    may be a space or a line break. The module json is in the standard library.
    """
    data = [line.removeprefix("data: ") for line in lines if line.startswith("data: ")]
    events = [json.loads(event) for event in data if event != "[DONE]"]
    return "".join(event["choices"][0]["text"] for event in events)


@streamed_text.mistakes
def _(lines):
    """
    first_piece: That is the first piece. The stream goes on until [DONE].
    last_piece: That is the last piece. Put all of them together.
    until_the_empty_line: You stopped at the first empty line. It ends one event, not
        the stream.
    not_joined: Those are the pieces. Put them together in one string.
    joined_by_spaces: You put spaces between the pieces. Where there is one, it is in a
        piece.
    joined_by_line_breaks: You put line breaks between the pieces. Where there is one,
        it is in a piece.
    done_in_the_text: [DONE] is in your text. It only says that the stream is over.
    json_as_text: Your text is the JSON. Read it, and take the piece out of it.
    lines_as_text: You put the lines together as they are. The text is in the JSON that
        follows "data: ".
    pieces_stripped: You stripped the pieces of spaces and line breaks. They belong to
        the text.
    ends_stripped: The text has lost the space or line break at its end. It belongs to
        it.
    line_breaks_left_out: The line breaks are missing. They belong to the text.
    escapes_left: You cut the pieces out of the JSON by hand: a line break is still a
        backslash and an n. json.loads knows what they stand for.
    """
    data = [line.removeprefix("data: ") for line in lines if line.startswith("data: ")]
    *data, done = data
    pieces = [json.loads(event)["choices"][0]["text"] for event in data]
    text = "".join(pieces)
    return {
        "first_piece": pieces[0],
        "last_piece": pieces[-1],
        "until_the_empty_line": "" if lines[0].startswith(":") else pieces[0],
        "not_joined": pieces,
        "joined_by_spaces": " ".join(pieces),
        "joined_by_line_breaks": "\n".join(pieces),
        "done_in_the_text": text + done,
        "json_as_text": "".join(data),
        "lines_as_text": "".join(lines),
        "pieces_stripped": "".join(piece.strip() for piece in pieces),
        "ends_stripped": text.strip(),
        "line_breaks_left_out": text.replace("\n", ""),
        "escapes_left": "".join(
            event.partition('"text": "')[2].partition('", "finish_reason')[0]
            for event in data
        ),
    }
