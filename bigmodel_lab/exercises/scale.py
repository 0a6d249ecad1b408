"""Exercises of chapter 09: what makes a model large, what it costs, and its laws."""

import numpy as np

from bigmodel_lab.exercises.draws import every_other
from bigmodel_lab.exercises.judging.judge import exercise

# -- 1 ---------------------------------------------------------------------------------


def _sizes(rng):
    """Return layers, dimensions, vocabulary size and length of a small GPT."""
    layers, eighths, vocabulary_size, length = rng.integers(
        [3, 4, 2000, 100], [13, 33, 9000, 1000]
    ).tolist()
    return layers, 8 * eighths, vocabulary_size, length


@exercise(
    inputs=_sizes,
    tolerance=0,  # a count
    hints=[
        "Go from the bottom to the top: two tables, then layers that are all alike, "
        "then one more LayerNorm. Which matrices and which vectors has one layer?",
        "With d dimensions, attention has 4 matrices (d, d), the MLP one (4 d, d) and "
        "one (d, 4 d). A bias is as long as its layer's output, and each of the two "
        "LayerNorms has 2 vectors: 12 d² + 13 d in all.",
        "With `d = dimensions`: `(vocabulary_size + length) * d + layers * (12 * d**2 "
        "+ 13 * d) + 2 * d`",
    ],
)
def gpt_parameters(layers, dimensions, vocabulary_size, length):
    """Return how many numbers learn in a GPT-2.

    All are numbers. A token table (vocabulary_size rows) and a position table (length
    rows) hold vectors of `dimensions` numbers. Each layer has two LayerNorms (a scale
    and a shift for each dimension), attention (four square matrices: queries, keys,
    values and output, however many heads share them) and an MLP, which goes to four
    times as many dimensions and back; every matrix in them has a bias. A last LayerNorm
    follows. The head is the token table once more, without numbers of its own.
    """
    d = dimensions
    attention = 4 * (d * d + d)
    mlp = (4 * d * d + 4 * d) + (4 * d * d + d)
    layer_norms = 2 * (d + d)
    tables = (vocabulary_size + length) * d
    return tables + layers * (attention + mlp + layer_norms) + 2 * d


@gpt_parameters.mistakes
def _(layers, dimensions, vocabulary_size, length):
    """
    head_again: You counted the head, too. It is the token table, used a second time.
    head_has_a_bias: You gave the head a bias. It is the token table, and nothing else.
    positions_forgotten: The position table is missing: `length` rows.
    tokens_forgotten: The token table is missing: `vocabulary_size` rows.
    tables_forgotten: Both tables are missing, that of the tokens and that of the
        positions.
    layers_forgotten: Those are the tables and the last LayerNorm. The layers are
        missing.
    one_layer: You counted a single layer. All of them have numbers of their own.
    biases_forgotten: The biases are missing: 4 d in attention, 4 d + d in the MLP.
    biases_of_attention_forgotten: Attention's biases are missing: each of its four
        matrices has one.
    biases_of_the_mlp_forgotten: The MLP's biases are missing: the first is 4 d long,
        the second d.
    norms_forgotten: The LayerNorms are missing: two in each layer and one at the end,
        with 2 d numbers each.
    last_norm_forgotten: The LayerNorm after the last layer is missing.
    norms_without_shift: A LayerNorm has a scale and a shift, so 2 d numbers, not d.
    one_norm_a_layer: A layer has two LayerNorms, one before attention and one before
        the MLP.
    mlp_forgotten: The MLP is missing. It holds two thirds of a layer.
    attention_forgotten: Attention is missing: four matrices and their biases.
    output_matrix_forgotten: You counted three matrices of attention. Where the heads
        come together there is a fourth.
    mlp_not_widened: The MLP goes to 4 d dimensions and back: (4 d, d) and (d, 4 d).
    mlp_one_way: You counted half of the MLP. It goes up to 4 d dimensions, and back.
    weights_of_layers_only: 12 d² a layer is what people reckon with, and for large
        models it is nearly all. Here the tables, biases and LayerNorms count, too.
    """
    d, right = (
        dimensions,
        gpt_parameters.solution(layers, dimensions, vocabulary_size, length),
    )
    tables, square = (vocabulary_size + length) * d, d * d
    return {
        "head_again": right + vocabulary_size * d,
        "head_has_a_bias": right + vocabulary_size,
        "positions_forgotten": right - length * d,
        "tokens_forgotten": right - vocabulary_size * d,
        "tables_forgotten": right - tables,
        "layers_forgotten": tables + 2 * d,
        "one_layer": tables + 12 * square + 13 * d + 2 * d,
        "biases_forgotten": right - layers * 9 * d,
        "biases_of_attention_forgotten": right - layers * 4 * d,
        "biases_of_the_mlp_forgotten": right - layers * 5 * d,
        "norms_forgotten": right - layers * 4 * d - 2 * d,
        "last_norm_forgotten": right - 2 * d,
        "norms_without_shift": right - layers * 2 * d - d,
        "one_norm_a_layer": right - layers * 2 * d,
        "mlp_forgotten": right - layers * (8 * square + 5 * d),
        "attention_forgotten": right - layers * 4 * (square + d),
        "output_matrix_forgotten": right - layers * (square + d),
        "mlp_not_widened": right - layers * (6 * square + 3 * d),
        "mlp_one_way": right - layers * (4 * square + d),
        "weights_of_layers_only": layers * 12 * square,
    }


# -- 2 ---------------------------------------------------------------------------------


def _parameters(rng):
    """Return a number of parameters, from 0.1 to 7 billion."""
    return (int(rng.integers(10, 700)) * 10_000_000,)


@exercise(
    inputs=_parameters,
    hints=[
        "For each weight, training keeps three more numbers. Which?",
        "The gradient, and Adam's means of the gradient and of its square. With the "
        "weight these are four numbers of 4 bytes.",
        "`parameters * (4 + 4 + 2 * 4) / 1e9`",
    ],
)
def training_memory(parameters):
    """Return the memory, in GB, that training with Adam in float32 keeps filled.

    parameters is a number: how many numbers learn. Counted are the weights, their
    gradients and Adam's two running means; not the activations, which depend on the
    batch. A GB is 10⁹ bytes.
    """
    bytes_each = 4 + 4 + 2 * 4  # weight, gradient, Adam's two means
    return parameters * bytes_each / 1e9


@training_memory.mistakes
def _(parameters):
    """
    four_bytes: You have 4 bytes a parameter. So much take the weights alone, or four
        numbers if a byte is taken for each: float32 takes 4 bytes, and there are four
        numbers.
    eight_bytes: You have 8 bytes a parameter. So much take weights and gradients
        without what Adam keeps, or all four in half precision. In float32, with Adam's
        two means, it is twice that.
    twelve_bytes: You have 12 bytes a parameter: one of four numbers is missing.
        Training keeps the weight, its gradient, and two running means.
    two_bytes: That is enough to use a model in half precision. To train it in float32,
        four numbers of 4 bytes are kept for each parameter.
    twenty_bytes: You have 20 bytes a parameter: one number too many. Adam keeps two
        means beside weight and gradient.
    double_precision: You took 8 bytes for each of the four numbers: that is float64.
    bits: You counted bits: 32 make 4 bytes.
    gibibytes: You divided by 2³⁰, which gives GiB, 7 % fewer. A GB is 10⁹ bytes.
    in_bytes: That is in bytes. A GB is 10⁹ of them.
    in_megabytes: That is in MB. A GB is 1,000 of them.
    """
    return {
        "four_bytes": parameters * 4 / 1e9,
        "eight_bytes": parameters * 8 / 1e9,
        "twelve_bytes": parameters * 12 / 1e9,
        "two_bytes": parameters * 2 / 1e9,
        "twenty_bytes": parameters * 20 / 1e9,
        "double_precision": parameters * 32 / 1e9,
        "bits": parameters * 128 / 1e9,
        "gibibytes": parameters * 16 / 2**30,
        "in_bytes": parameters * 16,
        "in_megabytes": parameters * 16 / 1e6,
    }


# -- 3 ---------------------------------------------------------------------------------


def _memory_and_bits(rng):
    """Return GB, and bits; every second time 16 bits or 8, else fewer."""
    bits = rng.choice([8, 16] if every_other(rng) else [3, 4, 6])
    return int(rng.integers(4, 100)), int(bits)


@exercise(
    inputs=_memory_and_bits,
    hints=[
        "How many bits has a GB, and how many does one parameter take?",
        "A GB is 10⁹ bytes of 8 bits. Divide the memory's bits by a parameter's.",
        "`gigabytes * 1e9 * 8 / bits`",
    ],
)
def largest_model(gigabytes, bits):
    """Return how many parameters fit into a memory, if nothing else must.

    Both are numbers: the memory in GB (10⁹ bytes), and how many bits each parameter is
    kept with. The result need not be whole.
    """
    bits_in_memory = gigabytes * 1e9 * 8
    return bits_in_memory / bits


@largest_model.mistakes
def _(gigabytes, bits):
    """
    bits_for_bytes: You divided bytes by bits. A byte has 8 bits.
    multiplied: You multiplied by the bytes that each parameter takes. The more it
        takes, the fewer fit: divide.
    divided_by_eight: You divided the bytes by 8, as if a bit had 8 bytes. It is the
        other way around.
    gibibytes: You took 2³⁰ bytes for a GB. That is a GiB; a GB has 10⁹.
    in_billions: That is in billions of parameters. A GB has 10⁹ bytes.
    megabytes: You took 10⁶ bytes for a GB. That is an MB.
    always_float32: You took 4 bytes for each, as for float32. It takes `bits` / 8.
    always_half_precision: You took 2 bytes for each. It takes `bits` / 8.
    one_byte_each: You took one byte for each. It takes `bits` / 8.
    in_training: You reserved 16 bytes for each, as in training. Here the model is only
        used: it takes `bits` / 8 bytes.
    """
    memory = gigabytes * 1e9
    return {
        "bits_for_bytes": memory / bits,
        "multiplied": memory * bits / 8,
        "divided_by_eight": memory / 8 / bits,
        "gibibytes": gigabytes * 2**30 * 8 / bits,
        "in_billions": gigabytes * 8 / bits,
        "megabytes": gigabytes * 1e6 * 8 / bits,
        "always_float32": memory / 4,
        "always_half_precision": memory / 2,
        "one_byte_each": memory,
        "in_training": memory / 16,
    }


# -- 4 ---------------------------------------------------------------------------------


def _cache(rng):
    """Return a cache's sizes; heads and texts differ, and every second byte is one."""
    layers, eighths, length = rng.integers([10, 8, 200], [41, 17, 2000]).tolist()
    heads, texts = rng.permutation(np.arange(2, 10))[:2].tolist()
    bytes_each = 1 if every_other(rng) else int(rng.choice([2, 4]))
    return layers, heads, 8 * eighths, length, texts, bytes_each


@exercise(
    inputs=_cache,
    tolerance=0,  # a count
    hints=[
        "For one token in one layer, what is kept by each head?",
        "A key and a value, each a vector of `head_dimensions` numbers. This for all "
        "heads, layers, places and texts.",
        "`2 * layers * key_value_heads * head_dimensions * length * batch_size * "
        "bytes_each`",
    ],
)
def cache_bytes(
    layers, key_value_heads, head_dimensions, length, batch_size, bytes_each
):
    """Return how many bytes the cache of keys and values has when the texts are full.

    All are numbers: in each of the layers, each of the key_value_heads keeps a key and
    a value for every token, vectors of head_dimensions numbers. There are batch_size
    texts of `length` tokens, and a number takes bytes_each bytes.
    """
    numbers_a_token = 2 * layers * key_value_heads * head_dimensions
    return numbers_a_token * length * batch_size * bytes_each


@cache_bytes.mistakes
def _(layers, key_value_heads, head_dimensions, length, batch_size, bytes_each):
    """
    keys_only: You counted keys or values. Both are kept.
    queries_too: You counted three vectors. A query is only needed for the newest token,
        so that none is kept.
    one_layer: That is one layer's cache. Each layer has its own.
    one_head: That is one head's cache. Each key-value head has its own.
    one_number_a_head: A head keeps vectors of `head_dimensions` numbers, not one number
        each.
    one_text: That is the cache of one text. Each text in the batch has its own.
    one_token: That is what one token takes in each text. All of the text are kept.
    squared_length: You squared the length. Attention's weights are length by length,
        but they are not kept: the cache grows with the length itself.
    each_step_added: You added up the cache of all steps. It is one cache that grows: in
        the end it has `length` places.
    numbers: Those are numbers. Each takes `bytes_each` bytes.
    bits: Those are bits. Asked for are bytes.
    always_two_bytes: You took 2 bytes a number, as in half precision. It is
        `bytes_each`.
    always_four_bytes: You took 4 bytes a number, as in float32. It is `bytes_each`.
    added: You added heads and dimensions. Each head has all of its dimensions:
        multiply.
    """
    right = cache_bytes.solution(
        layers, key_value_heads, head_dimensions, length, batch_size, bytes_each
    )
    numbers = right // bytes_each
    heads, d = key_value_heads, head_dimensions
    return {
        "keys_only": right // 2,
        "queries_too": right // 2 * 3,
        "one_layer": right // layers,
        "one_head": right // heads,
        "one_number_a_head": right // d,
        "one_text": right // batch_size,
        "one_token": right // length,
        "squared_length": right * length,
        "each_step_added": right * (length + 1) // 2,
        "numbers": numbers,
        "bits": right * 8,
        "always_two_bytes": numbers * 2,
        "always_four_bytes": numbers * 4,
        "added": right // (heads * d) * (heads + d),
    }


# -- 5 ---------------------------------------------------------------------------------


def _parameters_and_tokens(rng):
    """Return 0.1 to 1 billion parameters and 2 to 40 billion tokens."""
    N, D = rng.integers([10, 20], [100, 400]).tolist()
    return N * 1e7, D * 1e8


@exercise(
    inputs=_parameters_and_tokens,
    hints=[
        "What does one weight do with one token on the way forward, and what on the "
        "way back?",
        "Forward: one multiplication and one addition. Backward: the same twice, for "
        "the gradient of the weight and for that of its input.",
        "`6 * parameters * tokens`",
    ],
)
def training_flops(parameters, tokens):
    """Return about how many operations it takes to train a language model.

    Both are numbers: how many numbers learn, and how many tokens are read in training.
    Counted is what the weights do: forward, each multiplies once and adds once for
    every token, and backward takes twice as much as forward. Multiplications and
    additions count one each.
    """
    forward = 2 * parameters * tokens
    backward = 2 * forward
    return forward + backward


@training_flops.mistakes
def _(parameters, tokens):
    """
    forward_only: That is the way forward alone, what it takes to *read* the tokens.
        Training goes back, too, and that takes twice as much.
    four: You have 4 for each parameter and token. So many takes the way back alone, or
        both ways if backward is taken for as cheap as forward. Forward it is 2, and
        backward 4: two gradients, that of the weight and that of its input.
    multiply_adds: You counted a multiplication and its addition as one. They are two
        operations: 6 for each parameter and token.
    once: You counted one operation for each parameter and token. Forward it is two (a
        multiplication, an addition), backward four.
    recomputed: You have 8 for each parameter and token. That is so if the activations
        are not kept but computed again on the way back; here they are kept.
    a_single_token: That is for a single token. All of them are read.
    parameters_forgotten: The parameters are missing: each works on every token.
    twenty_tokens: You took 20 tokens for each parameter. Here it is said how many
        tokens there are.
    added: You added parameters and tokens. Each parameter works on each token:
        multiply.
    """
    pairs = parameters * tokens
    return {
        "forward_only": 2 * pairs,
        "four": 4 * pairs,
        "multiply_adds": 3 * pairs,
        "once": pairs,
        "recomputed": 8 * pairs,
        "a_single_token": 6 * parameters,
        "parameters_forgotten": 6 * tokens,
        "twenty_tokens": 6 * parameters * 20 * parameters,
        "added": 6 * (parameters + tokens),
    }


# -- 6 ---------------------------------------------------------------------------------


def _training_run(rng):
    """Return operations, machines, operations a second and the share that is used."""
    machines = int(rng.integers(3, 10))
    flops, flops_per_second = rng.integers([20, 10], [200, 40]) * [1e19, 1e13]
    return (
        float(flops),
        machines,
        float(flops_per_second),
        int(rng.integers(25, 45)) / 100,
    )


@exercise(
    inputs=_training_run,
    hints=[
        "How many operations do all machines really do in a second?",
        "`machines * flops_per_second * utilization` in a second, so divide by that, "
        "and then by the seconds of a day.",
        "`flops / (machines * flops_per_second * utilization) / 86_400`",
    ],
)
def training_days(flops, machines, flops_per_second, utilization):
    """Return how many days a training takes.

    All are numbers: it needs `flops` operations. Each of the machines could do
    flops_per_second, but of these only the share `utilization`, between 0 and 1, is
    used.
    """
    seconds = flops / (machines * flops_per_second * utilization)
    return seconds / (24 * 60 * 60)


@training_days.mistakes
def _(flops, machines, flops_per_second, utilization):
    """
    in_seconds: That is in seconds. A day has 86,400.
    in_minutes: That is in minutes. A day has 1,440.
    in_hours: That is in hours. A day has 24.
    utilization_forgotten: You took the machines at their peak. Only the share
        `utilization` of it is used.
    utilization_multiplied: You multiplied the time by the share that is used: then
        idling would make it shorter. It belongs to the speed.
    utilization_of_the_rest: You took the share that is *not* used.
    lost_time_added: You added the unused share to the time. If a third is used, it
        takes three times as long: divide by the share.
    machines_forgotten: That is the time on one machine. They share the work.
    machines_multiplied: You multiplied by the number of machines: that is what they
        work all together. Asked for is how long it takes if all work at once.
    """
    days = flops / flops_per_second / 86_400
    right = days / machines / utilization
    return {
        "in_seconds": right * 86_400,
        "in_minutes": right * 1_440,
        "in_hours": right * 24,
        "utilization_forgotten": days / machines,
        "utilization_multiplied": days / machines * utilization,
        "utilization_of_the_rest": days / machines / (1 - utilization),
        "lost_time_added": days / machines * (2 - utilization),
        "machines_forgotten": right * machines,
        "machines_multiplied": right * machines**2,
    }


# -- 7 ---------------------------------------------------------------------------------


def _layer(rng):
    """Return rows, inputs and outputs, no two alike."""
    rows, inputs, outputs = rng.integers([4, 40, 100], [33, 90, 300]).tolist()
    return (rows, inputs, outputs) if every_other(rng) else (rows, outputs, inputs)


@exercise(
    inputs=_layer,
    hints=[
        "Each of rows · outputs results is a sum of products. How many operations is "
        "that, and how many numbers are read and written?",
        "Operations: 2 · rows · inputs · outputs. Numbers: rows · inputs are read, and "
        "inputs · outputs weights; rows · outputs are written. Each has 4 bytes.",
        "`2 * rows * inputs * outputs / (4 * (rows * inputs + inputs * outputs + rows "
        "* outputs))`",
    ],
)
def arithmetic_intensity(rows, inputs, outputs):
    """Return how many operations a layer does for each byte that it moves.

    All are numbers: a matrix (rows, inputs) is multiplied with the weights (inputs,
    outputs), in float32 and without a bias. Each of the three matrices moves once: two
    are read, the result is written. Multiplications and additions count one each, and
    the first product of a sum is added to 0.
    """
    operations = 2 * rows * inputs * outputs
    numbers = rows * inputs + inputs * outputs + rows * outputs
    return operations / (4 * numbers)


@arithmetic_intensity.mistakes
def _(rows, inputs, outputs):
    """
    multiply_adds: You have half of it: you counted a multiplication and its addition as
        one operation, or 8 bytes for a number.
    twice: You have twice as much: you counted 2 bytes for a number, as in half
        precision. float32 has 4.
    numbers_for_bytes: You divided by numbers. Each has 4 bytes.
    bits_for_bytes: You divided by bits. A byte has 8.
    weights_only: You counted the weights alone. The rows are read and the results
        written, too.
    weights_forgotten: The weights are missing: they are read, too, and for few rows
        they are nearly all that moves.
    result_not_written: The result is missing: it is written, rows · outputs numbers.
    rows_not_read: The layer's input is missing: rows · inputs numbers are read.
    weights_for_each_row: That is for a single row, or as if the weights were read again
        for each. They are read once for all rows: that is why large batches pay.
    upside_down: That is upside down: bytes for each operation.
    operations_only: Those are the operations. Divide by the bytes.
    bytes_only: Those are the bytes. Asked for are operations for each of them.
    """
    operations = 2 * rows * inputs * outputs
    read, weights, written = rows * inputs, inputs * outputs, rows * outputs
    right = operations / 4 / (read + weights + written)
    return {
        "multiply_adds": right / 2,
        "twice": right * 2,
        "numbers_for_bytes": right * 4,
        "bits_for_bytes": right / 8,
        "weights_only": operations / 4 / weights,
        "weights_forgotten": operations / 4 / (read + written),
        "result_not_written": operations / 4 / (read + weights),
        "rows_not_read": operations / 4 / (weights + written),
        "weights_for_each_row": operations / 4 / (read + rows * weights + written),
        "upside_down": 1 / right,
        "operations_only": operations,
        "bytes_only": 4 * (read + weights + written),
    }


# -- 8 ---------------------------------------------------------------------------------


def _machine(rng):
    """Return intensities (N,) on both sides of a machine's ridge; peak, bandwidth."""
    N = int(rng.integers(4, 8))
    peak, bandwidth = (
        float(rng.integers(10, 90) * 1e12),
        float(rng.integers(2, 9) * 1e11),
    )
    sides = rng.permutation(np.arange(N) % 2 * 2 - 1)
    return peak / bandwidth * np.exp(sides * rng.uniform(0.2, 2, N)), peak, bandwidth


@exercise(
    inputs=_machine,
    hints=[
        "Two things may hold a layer up: the machine computes no faster than `peak`, "
        "and the bytes arrive no faster than `bandwidth`. Which of the two counts?",
        "`intensity * bandwidth` is how many operations the arriving bytes allow. The "
        "lower of the two limits counts, for each intensity: np.minimum.",
        "`np.minimum(peak, intensity * bandwidth)`",
    ],
)
def attainable(intensity, peak, bandwidth):
    """Return how many operations a second a machine can reach, (N,): the roofline.

    intensity is an array (N,): how many operations each of N layers does for a byte
    that it moves. peak and bandwidth are numbers: how many operations the machine can
    do in a second, and how many bytes it can move in a second, both at once.
    """
    fed = intensity * bandwidth
    return np.minimum(peak, fed)


@attainable.mistakes
def _(intensity, peak, bandwidth):
    """
    maximum: You took the higher of the two limits. The lower one counts.
    added: You added the two limits. A machine is as fast as the slower of the two.
    one_after_the_other: You let it first move the bytes and then compute. It does both
        at once: the slower of the two is all that counts.
    mean: You took the mean of the two limits. The lower one counts.
    always_at_its_peak: That is the peak, for all. Where the intensity is low, the
        machine waits for bytes.
    no_roof: The roof is missing: no intensity brings more than the peak.
    bandwidth_divided: You divided the bandwidth by the intensity. The more operations
        each byte is good for, the more can be done: multiply.
    bandwidth_forgotten: The bandwidth is missing: the intensity counts for each byte,
        and so many bytes arrive in a second.
    intensity_forgotten: You compared operations with bytes. Each byte is good for
        `intensity` operations.
    slowest_layer: That is the slowest layer. Each has its own number.
    share_of_the_peak: That is the share of the peak. Asked for are operations a second.
    ridge: That is the intensity at which both limits are alike. Asked for are
        operations a second.
    """
    fed = intensity * bandwidth
    return {
        "maximum": np.maximum(peak, fed),
        "added": peak + fed,
        "one_after_the_other": 1 / (1 / peak + 1 / fed),
        "mean": (peak + fed) / 2,
        "always_at_its_peak": np.full_like(fed, peak),
        "no_roof": fed,
        "bandwidth_divided": np.minimum(peak, bandwidth / intensity),
        "bandwidth_forgotten": np.minimum(peak, intensity),
        "intensity_forgotten": np.full_like(fed, min(peak, bandwidth)),
        "slowest_layer": min(peak, fed.min()),
        "share_of_the_peak": np.minimum(1, fed / peak),
        "ridge": peak / bandwidth,
    }


# -- 9 ---------------------------------------------------------------------------------


def _measured_law(rng):
    """Return x, losses and a floor: a power law whose losses are off by a percent."""
    count = int(rng.integers(5, 9))
    x = rng.integers(3, 12) * rng.uniform(1.6, 3, count).cumprod()
    exponent, floor = rng.uniform(0.15, 0.5), rng.uniform(0.8, 1.6)
    gap = rng.uniform(2, 6) / x**exponent * np.exp(rng.normal(0, 0.01, count))
    return x, floor + gap, float(floor)


@exercise(
    inputs=_measured_law,
    hints=[
        "What do you get if you take the logarithm of scale / x ** exponent?",
        "ln scale - exponent · ln x: a straight line over ln x. So take the floor off "
        "first, then lay np.polyfit(..., 1) through the logarithms of both.",
        "`slope, start = np.polyfit(np.log(x), np.log(losses - floor), 1)`, then "
        "`return np.exp(start), -slope`.",
    ],
)
def power_law(x, losses, floor):
    """Return (scale, exponent) of the law: losses ≈ floor + scale / x ** exponent.

    x and losses are arrays of one length: what was spent (parameters, tokens or
    operations), and the loss that it led to. floor is a number, below all losses. The
    law is the best straight line (least squares) through the logarithms of both sides.
    """
    # A loss below the floor has no logarithm: an error, no NaN.
    with np.errstate(divide="raise", invalid="raise"):
        slope, start = np.polyfit(np.log(x), np.log(losses - floor), 1)
    return np.exp(start), -slope


@power_law.mistakes
def _(x, losses, floor):
    """
    floor_not_taken_off: You took the logarithm of the whole loss. Only what is above
        the floor follows a power law: subtract the floor first.
    floor_added: You added the floor. Subtract it from the losses.
    floor_taken_off_later: You subtracted the floor from the scale. Subtract it from the
        losses, before the logarithm.
    wrong_sign: The exponent's sign is wrong: x ** exponent stands below the line, so it
        is minus the slope.
    scale_left_as_logarithm: The line begins at ln scale. Undo the logarithm: np.exp.
    line_itself: Those are the line's slope and start. The exponent is minus the slope,
        and the scale is e to the power of the start.
    exchanged: Those are exponent and scale. Return the scale first.
    scale_upside_down: The scale is upside down: np.exp(start), not np.exp(-start).
    x_not_logarithmic: You took no logarithm of x. That is an exponential, which falls
        much faster than a power law.
    losses_not_logarithmic: You took no logarithm of the losses. A power law is straight
        where both sides are logarithms.
    no_logarithms: You laid the line through the numbers themselves. A power law is
        straight where both sides are logarithms.
    another_base: You took logarithms to the base 10 and undid them with np.exp. Their
        counterpart is 10**.
    two_bases: You took the logarithm of x to the base 10, that of the losses to the
        base e. For the exponent both must be the same.
    axes_exchanged: You laid the line through x over the losses. Give np.polyfit ln x
        first.
    through_the_ends: Your line goes through the first and the last point. Take the one
        that fits all best.
    """
    gap = losses - floor
    ln_x, ln_gap = np.log(x), np.log(gap)

    def law(*points):
        slope, start = np.polyfit(*points, 1)
        return np.exp(start), -slope

    scale, exponent = law(ln_x, ln_gap)
    whole_scale, whole_exponent = law(ln_x, np.log(losses))
    start, rise = np.polyfit(ln_x, gap, 1)[::-1]
    plain_start, plain_rise = np.polyfit(x, gap, 1)[::-1]
    ends = [0, -1]
    return {
        "floor_not_taken_off": (whole_scale, whole_exponent),
        "floor_added": law(ln_x, np.log(losses + floor)),
        "floor_taken_off_later": (whole_scale - floor, whole_exponent),
        "wrong_sign": (scale, -exponent),
        "scale_left_as_logarithm": (np.log(scale), exponent),
        "line_itself": (-exponent, np.log(scale)),
        "exchanged": (exponent, scale),
        "scale_upside_down": (1 / scale, exponent),
        "x_not_logarithmic": law(x, ln_gap),
        "losses_not_logarithmic": (np.exp(start), -rise),
        "no_logarithms": (plain_start, -plain_rise),
        "another_base": law(np.log10(x), np.log10(gap)),
        "two_bases": law(np.log10(x), ln_gap),
        "axes_exchanged": law(ln_gap, ln_x),
        "through_the_ends": law(ln_x[ends], ln_gap[ends]),
    }


# -- 10 --------------------------------------------------------------------------------


def _law(rng):
    """Return a law of losses as measured ones are, with two exponents far apart."""
    E, alpha, beta = rng.uniform([1.5, 0.32, 0.24], [2, 0.4, 0.29]).round(2).tolist()
    A, B = rng.permutation(np.arange(300, 500))[:2].tolist()
    return {"E": E, "A": A, "alpha": alpha, "B": B, "beta": beta}


def _law_and_model(rng):
    """Return a law, parameters and tokens; every second time a small model reads much.

    Else a large one reads little: now the one term is larger, now the other.
    """
    N, D = (1e5, 1e9) if every_other(rng) else (1e7, 1e7)
    return _law(rng), N * int(rng.integers(10, 50)), D * int(rng.integers(10, 50))


@exercise(
    inputs=_law_and_model,
    hints=[
        "Three things make up the loss: what no model can avoid, what this one loses "
        "because it is small, and what it loses because it has read little.",
        "The second is A / N ** alpha, the third B / D ** beta. The numbers stand in "
        'the dictionary: `law["A"]`.',
        '`law["E"] + law["A"] / parameters ** law["alpha"] + law["B"] / tokens ** '
        'law["beta"]`',
    ],
)
def predicted_loss(law, parameters, tokens):
    """Return the loss that a law of scale predicts: E + A / N^alpha + B / D^beta.

    law is a dictionary with the five numbers "E", "A", "alpha", "B" and "beta". N, the
    parameters, and D, the tokens that were read, are numbers.

    Source: Hoffmann and others (2022), "Training Compute-Optimal Large Language Models"
    """
    too_small = law["A"] / parameters ** law["alpha"]
    read_too_little = law["B"] / tokens ** law["beta"]
    return law["E"] + too_small + read_too_little


@predicted_loss.mistakes
def _(law, parameters, tokens):
    """
    parameters_and_tokens_exchanged: A and alpha belong to the parameters, B and beta to
        the tokens: you have them the other way around.
    exponents_exchanged: The exponents are exchanged: alpha belongs to the parameters,
        beta to the tokens.
    scales_exchanged: A and B are exchanged: A belongs to the parameters, B to the
        tokens.
    floor_forgotten: E is missing: what even an endless model that has read everything
        loses.
    floor_only: That is E, or nearly so: nothing is lost to being small. N and D are
        raised to a power, **, and then divide A and B.
    multiplied_powers: You multiplied by the powers: then a larger model would be worse.
        Divide.
    product: You multiplied what is lost in the two ways. The losses add up.
    tokens_forgotten: The tokens are missing: B / D ** beta.
    parameters_forgotten: The parameters are missing: A / N ** alpha.
    whole_fraction_raised: You raised A / N to the power, with A. Only N is raised:
        A / N ** alpha.
    larger_one_only: You took the larger of the two terms. Both count.
    subtracted: You subtracted the terms. A small model loses more than E.
    """
    E, A, alpha, B, beta = law.values()
    N, D = parameters, tokens
    size, data = A / N**alpha, B / D**beta
    return {
        "parameters_and_tokens_exchanged": E + A / D**alpha + B / N**beta,
        "exponents_exchanged": E + A / N**beta + B / D**alpha,
        "scales_exchanged": E + B / N**alpha + A / D**beta,
        "floor_forgotten": size + data,
        "floor_only": E,
        "multiplied_powers": E + A * N**alpha + B * D**beta,
        "product": E + size * data,
        "tokens_forgotten": E + size,
        "parameters_forgotten": E + data,
        "whole_fraction_raised": E + (A / N) ** alpha + (B / D) ** beta,
        "larger_one_only": E + max(size, data),
        "subtracted": E - size - data,
    }


# -- 11 --------------------------------------------------------------------------------


def _law_and_budget(rng):
    """Return a law and 10^18 to 10^19 operations."""
    return _law(rng), float(rng.integers(10, 100)) * 1e17


@exercise(
    inputs=_law_and_budget,
    tolerance=1e-3,  # to find the least loss by search is right, too
    hints=[
        "If N grows, D = C / (6 N) shrinks. Put that into the law: one number is left. "
        "Where is the loss least?",
        "Where its derivative is 0: alpha A / N^alpha = beta B / D^beta. The last step "
        "of growing the model must save as much as it costs in data.",
        '`A, alpha, B, beta = (law[k] for k in ("A", "alpha", "B", "beta"))`, `G = '
        "(alpha * A / (beta * B)) ** (1 / (alpha + beta))`, `parameters = G * (flops / "
        "6) ** (beta / (alpha + beta))`, then `return parameters, flops / (6 * "
        "parameters)`.",
    ],
)
def compute_optimal(law, flops):
    """Return (parameters, tokens) with the least loss for so many operations.

    law is a dictionary with the numbers "E", "A", "alpha", "B" and "beta": the loss is
    E + A / N^alpha + B / D^beta. flops is a number, C = 6 N D. With

        G = (alpha A / (beta B))^(1 / (alpha + beta))

    the best N is G (C / 6)^(beta / (alpha + beta)), and D is what is left of C.

    Source: Hoffmann and others (2022), "Training Compute-Optimal Large Language Models"
    """
    A, alpha, B, beta = (law[key] for key in ("A", "alpha", "B", "beta"))
    G = (alpha * A / (beta * B)) ** (1 / (alpha + beta))
    parameters = G * (flops / 6) ** (beta / (alpha + beta))
    return parameters, flops / (6 * parameters)


@compute_optimal.mistakes
def _(law, flops):
    """
    exponents_exchanged: N's exponent has beta above the line: the slower the loss falls
        with the tokens, the more of the budget they take.
    factor_upside_down: G is upside down: alpha A / (beta B).
    factor_forgotten: The factor G is missing: it says how the two terms are balanced.
    no_root: G's exponent is missing: 1 / (alpha + beta).
    derivative_forgotten: In G the factors alpha and beta are missing: they come from
        the derivative.
    derivatives_exchanged: In G alpha belongs to A and beta to B.
    six_forgotten: You did not divide C by 6: each parameter takes 6 operations for each
        token.
    six_forgotten_for_tokens: N is right, but D is C / (6 N): your model would need six
        times the budget.
    same_factor_for_tokens: N is right. D has 1 / G, not G: what the model gets, the
        data do not. D = C / (6 N).
    equal_shares: You made N and D alike. How the budget is shared follows from the law.
    twenty_tokens: You took 20 tokens for each parameter. That is a rule of thumb from
        one law; yours has numbers of its own.
    all_into_parameters: You put all into the model, which then reads a single token.
        What it loses because it has read too little is in the law, too.
    exchanged: Those are tokens and parameters. Return the parameters first.
    parameters_only: Those are the parameters. Return the tokens, too.
    """
    _, A, alpha, B, beta = law.values()
    C, total = flops / 6, alpha + beta

    def shared(G, power=beta / total, C=C):
        N = G * C**power
        return N, C / N

    ratio = alpha * A / (beta * B)
    G = ratio ** (1 / total)
    N, D = shared(G)
    return {
        "exponents_exchanged": shared(G, alpha / total),
        "factor_upside_down": shared(1 / G),
        "factor_forgotten": shared(1),
        "no_root": shared(ratio),
        "derivative_forgotten": shared((A / B) ** (1 / total)),
        "derivatives_exchanged": shared((beta * A / (alpha * B)) ** (1 / total)),
        "six_forgotten": shared(G, C=flops),
        "six_forgotten_for_tokens": (N, flops / N),
        "same_factor_for_tokens": (N, G * C ** (alpha / total)),
        "equal_shares": (C**0.5, C**0.5),
        "twenty_tokens": ((C / 20) ** 0.5, 20 * (C / 20) ** 0.5),
        "all_into_parameters": (C, 1.0),
        "exchanged": (D, N),
        "parameters_only": N,
    }


# -- 12 --------------------------------------------------------------------------------


def _shares_and_steps(rng):
    """Return shares (N,) from poor to above 0.9, and fewer than 10 steps."""
    N, steps = rng.integers([4, 3], [8, 10]).tolist()
    return np.sort([*rng.uniform(0.4, 0.98, N - 1), rng.uniform(0.9, 0.98)]), steps


@exercise(
    inputs=_shares_and_steps,
    hints=[
        "With two steps, each right in 9 of 10 cases: in how many are both right?",
        "In 0.9 · 0.9. Each further step multiplies by its share once more.",
        "`share**steps`",
    ],
)
def all_right(share, steps):
    """Return how probably all steps of an answer are right, (N,).

    share is an array (N,): for each of N models, how probably one step is right. steps
    is a number: so many does an answer take, and whether one is right has nothing to do
    with the others.
    """
    return share**steps


@all_right.mistakes
def _(share, steps):
    """
    at_least_one: That is how probably at least one step is right. All must be.
    not_all: That is how probably at least one step is *wrong*: 1 minus what is asked
        for.
    all_wrong: That is how probably all steps are wrong.
    expected: That is how many steps are right on average.
    divided: You divided by the number of steps. Each further step multiplies by the
        share.
    one_step: That is how probably one step is right, which is what you were given. All
        of them must be.
    root: You took the root: then many steps would be easier than one.
    subtracted: You subtracted the risk of each step. That is nearly right for small
        risks only: where two steps are wrong you subtracted twice, and it can fall
        below 0.
    subtracted_down_to_zero: You subtracted the risk of each step, down to 0. That is
        nearly right for small risks only: where two steps are wrong you subtracted
        twice.
    one_too_few: You gave one step too few: the first must be right, too.
    one_too_many: You gave one step too many: the first has the power 1, not 2.
    exponents_exchanged: You have `steps` to the power of the share. It is the other way
        around.
    mean_of_all: That is one number for all models. Each has its own.
    """
    risk = 1 - share
    return {
        "at_least_one": 1 - risk**steps,
        "not_all": 1 - share**steps,
        "all_wrong": risk**steps,
        "expected": share * steps,
        "divided": share / steps,
        "one_step": share,
        "root": share ** (1 / steps),
        "subtracted": 1 - steps * risk,
        "subtracted_down_to_zero": np.maximum(0, 1 - steps * risk),
        "one_too_few": share ** (steps - 1),
        "one_too_many": share ** (steps + 1),
        "exponents_exchanged": steps**share,
        "mean_of_all": (share**steps).mean(),
    }
