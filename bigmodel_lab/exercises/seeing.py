"""Exercises of chapter 15: a borrowed network, boxes, and pictures that are made."""

from functools import partial

import numpy as np
import torch
from torch.nn import functional as F

from bigmodel_lab.exercises import draws
from bigmodel_lab.exercises.judging.judge import exercise

# -- 1 ---------------------------------------------------------------------------------


def _pictures(rng):
    """Return pictures (N, H, W, 3), H unlike W, and the colors' mean and spread."""
    N, H, W = rng.permutation([2, 4, 5, 6, 7])[:3]
    pictures = rng.integers(0, 256, (N, H, W, 3), dtype=np.uint8)
    mean = rng.permutation([0.36, 0.45, 0.54]) + rng.uniform(-0.03, 0.03, 3)
    std = rng.permutation([0.21, 0.25, 0.29]) + rng.uniform(-0.01, 0.01, 3)
    return pictures, mean.round(3), std.round(3)


@exercise(
    inputs=_pictures,
    hints=[
        "What is the largest number in `pictures`, and which one does `mean` belong "
        "to? And in which place are the colors, and in which should they be?",
        "Divide by 255, subtract `mean`, divide by `std`: the colors are last, so each "
        "gets its own. Then `.transpose(0, 3, 1, 2)` takes the last place to the "
        "second.",
        "`((pictures / 255 - mean) / std).transpose(0, 3, 1, 2)`",
    ],
)
def normalized(pictures, mean, std):
    """Return pictures as a trained network expects them: fractions, (N, 3, H, W).

    pictures is an array (N, H, W, 3) of whole numbers from 0 to 255: N pictures of H
    rows and W columns, with red, green and blue for each pixel. mean and std are arrays
    (3,): the mean and the standard deviation of red, green and blue in the pictures
    that the network was trained with, there as fractions from 0 to 1. In the result,
    the colors are in the same order, and each has about the mean 0 and the standard
    deviation 1, if the pictures are like those.
    """
    colors_last = (pictures / 255 - mean) / std
    return colors_last.transpose(0, 3, 1, 2)


@normalized.mistakes
def _(pictures, mean, std):
    """
    not_divided: You did not divide by 255. The mean and the standard deviation are
        those of fractions, and the pictures have whole numbers up to 255.
    not_normalized: Those are fractions from 0 to 1. The mean and the standard deviation
        are missing: the network has learned from numbers around 0.
    only_the_mean: You subtracted the mean. Divide by the standard deviation, too.
    only_the_std: You divided by the standard deviation. Subtract the mean before.
    variance: You divided by the variance, the square of the standard deviation. Divide
        by `std` as it is.
    own_statistics: You took the mean and the standard deviation of these pictures. Then
        dark pictures look like bright ones: take those of the training.
    from_minus_1_to_1: You made numbers from -1 to 1. Some networks are trained with
        such; for this one, take its mean and its standard deviation.
    channels_last: The numbers are right, but the colors are in the last place still.
        They belong after N: (N, 3, H, W).
    colors_turned: Your first channel is blue, and the last one red. Leave the colors in
        the order they have.
    statistics_turned: You took the mean and the standard deviation of blue for red, and
        those of red for blue. They are in the same order as the colors.
    rows_and_columns: Your pictures lie on their side: rows and columns are exchanged.
        (N, H, W, 3) should become (N, 3, H, W).
    reshaped: You changed the shape, and left the numbers in their order. So each
        channel has all three colors in it: exchange the places with a transpose.
    """
    fractions = pictures / 255

    def first(x):
        return x.transpose(0, 3, 1, 2)

    right = (fractions - mean) / std
    own = fractions.mean((0, 1, 2)), fractions.std((0, 1, 2))
    return {
        "not_divided": first((pictures - mean) / std),
        "not_normalized": first(fractions),
        "only_the_mean": first(fractions - mean),
        "only_the_std": first(fractions / std),
        "variance": first((fractions - mean) / std**2),
        "own_statistics": first((fractions - own[0]) / own[1]),
        "from_minus_1_to_1": first(2 * fractions - 1),
        "channels_last": right,
        "colors_turned": first(right[..., ::-1]),
        "statistics_turned": first((fractions - mean[::-1]) / std[::-1]),
        "rows_and_columns": right.transpose(0, 3, 2, 1),
        "reshaped": right.reshape(first(right).shape),
    }


# -- 2 ---------------------------------------------------------------------------------


def _modules_and_check(rng):
    """Return modules (N,) and a mask (N,): some modules lie in both parts.

    Of two in both, one has most of its photos in the training part, one in the check.
    """
    few, *many = rng.integers(1, 3), *rng.integers(3, 6, 2)
    both = [(many[0] + 1, many[0]), (few, many[1])]
    both += list(rng.integers(1, 5, (rng.integers(0, 3), 2)))
    only_check = [(0, n) for n in rng.integers(1, 5, rng.integers(1, 4))]
    only_training = [(n, 0) for n in rng.integers(1, 5, rng.integers(2, 5))]
    counts = np.array(both + only_check + only_training)
    numbers = rng.choice(np.arange(1, 300), len(counts), replace=False)
    modules = np.repeat(np.repeat(numbers, 2), counts.ravel())
    check = np.repeat(np.tile([False, True], len(counts)), counts.ravel())
    order = rng.permutation(len(modules))
    return modules[order], check[order]


@exercise(
    inputs=_modules_and_check,
    hints=[
        "Go through the check photos one by one. What do you have to look up for each "
        "of them?",
        "`modules[check]` are the modules of the check photos, and `modules[~check]` "
        "those of the training photos. `np.isin` looks up the ones among the others.",
        "`np.isin(modules[check], modules[~check]).mean()`",
    ],
)
def leaked_share(modules, check):
    """Return the share of the check photos with neighbors in the training part.

    modules is an array (N,) of whole numbers: the number of the solar module that each
    photo was cut from. check is an array (N,) of True and False: True for a photo of
    the check part, False for one of the training part; each part has some. A check
    photo is leaked if any photo of the same module is in the training part. Returned is
    a number from 0 to 1.

    Source: Kapoor and Narayanan (2023), "Leakage and the reproducibility crisis in
    machine-learning-based science"
    """
    has_neighbors = np.isin(modules[check], modules[~check])
    return has_neighbors.mean()


@leaked_share.mistakes
def _(modules, check):
    """
    share_of_modules: That is the share of the check part's modules which are in the
        training part, too. Asked for is the share of its photos: a module with many
        counts often.
    of_the_training: That is the share of the training photos with neighbors in the
        check part. Asked for is the other way around: check photos.
    new: That is the share of the check photos whose module is new. Asked for are the
        others.
    how_many: That is how many check photos have neighbors. Divide by how many check
        photos there are.
    of_all_photos: You divided by all photos. Asked for is a share of the check photos.
    of_the_training_photos: You divided by how many training photos there are. Asked for
        is a share of the check photos.
    in_both_parts: That is the share of all photos whose module is in both parts. Asked
        for are the check photos alone.
    how_many_modules: That is how many modules are in both parts. Asked for is a share
        of the check photos.
    modules_of_all: That is the share of all modules which are in both parts. Asked for
        is a share of the check photos.
    modules_over_photos: You divided how many modules are in both parts by how many
        check photos there are. Count photos in both places.
    size_of_the_check: That is the share of all photos which are in the check part. How
        many of them have a neighbor in the training part?
    mostly_there: You counted a photo only if most photos of its module are in the
        training part. A single neighbor there is enough to give it away.
    """
    ours, theirs = modules[check], modules[~check]
    leaked = np.isin(ours, theirs).sum()
    shared = len(np.intersect1d(ours, theirs))
    everywhere = np.isin(modules, np.intersect1d(ours, theirs))
    mostly = [(theirs == module).sum() > (ours == module).sum() for module in ours]
    return {
        "share_of_modules": shared / len(np.unique(ours)),
        "of_the_training": np.isin(theirs, ours).mean(),
        "new": 1 - leaked / len(ours),
        "how_many": leaked,
        "of_all_photos": leaked / len(modules),
        "of_the_training_photos": leaked / len(theirs),
        "in_both_parts": everywhere.mean(),
        "how_many_modules": shared,
        "modules_of_all": shared / len(np.unique(modules)),
        "modules_over_photos": shared / len(ours),
        "size_of_the_check": check.mean(),
        "mostly_there": np.mean(mostly),
    }


# -- 3 ---------------------------------------------------------------------------------


def _stored(rng):
    """Return x (N, C, H, W) and what is stored of its channels.

    W is C, so that numbers for channels fit to columns, too. The variances are small,
    so that eps counts, and x has others.
    """
    N, C, H = rng.permutation([2, 3, 4, 5])[:3]
    variance = torch.from_numpy(10 ** rng.uniform(-4, -2.5, C))
    mean = 0.1 * draws.normal(rng, C)
    own = mean + variance.sqrt() * torch.from_numpy(rng.uniform(0.5, 1.5, C))
    spread = variance.sqrt() * torch.from_numpy(rng.uniform(1.3, 2, C))
    x = own[:, None, None] + spread[:, None, None] * draws.normal(rng, N, C, H, C)
    weight = torch.from_numpy(rng.uniform(0.5, 2, C))
    return x, mean, variance, weight, draws.normal(rng, C)


def _to_channels(numbers):
    """Return numbers of the channels as (C, 1, 1)."""
    return [number[:, None, None] for number in numbers]


@exercise(
    inputs=_stored,
    hints=[
        "There is one mean for each channel, and the channels are in the second of "
        "four places. How does it get to the right place?",
        "`mean[:, None, None]` has the shape (C, 1, 1), which fits to (N, C, H, W); so "
        "do the others. Subtract, and divide by the root of the variance plus eps.",
        "`torch.nn.functional.batch_norm(x, mean, variance, weight, bias)` does it: "
        "unless it is told `training=True`, it takes what is stored.",
    ],
)
def stored_norm(x, mean, variance, weight, bias):
    """Return what a frozen BatchNorm gives: (N, C, H, W), as x.

    x is a tensor (N, C, H, W): N pictures with C channels of H rows and W columns.
    mean, variance, weight and bias are tensors (C,), one number for each channel, all
    of them stored in pre-training. A channel is normalized with its stored mean and
    variance, where eps = 1e-5 is added to the variance; then it is multiplied by its
    weight, and its bias is added.

    Source: Ioffe and Szegedy (2015), "Batch normalization"
    """
    mean, variance, weight, bias = (
        stored[:, None, None] for stored in (mean, variance, weight, bias)
    )
    return weight * (x - mean) / (variance + 1e-5).sqrt() + bias


@stored_norm.mistakes
def _(x, mean, variance, weight, bias):
    """
    own_statistics: You took the mean and the variance of these pictures, as BatchNorm
        does in training. Then what a picture gives hangs on those beside it: take what
        is stored.
    each_picture: You took the mean and the variance of each picture alone. A bright
        picture gives the same as a dark one then: take what is stored.
    eps_forgotten: You left eps out. The variances are small here: 1e-5 counts.
    eps_outside: You added eps to the root of the variance. It belongs under the root.
    root_forgotten: You divided by the variance. Divide by its root, the standard
        deviation.
    weight_and_bias_forgotten: It is normalized, but the weight and the bias are
        missing. The network has learned to work with them.
    weight_forgotten: The weight is missing. Multiply by it, before the bias is added.
    bias_forgotten: The bias is missing. Add it last.
    bias_before_weight: You added the bias first, and multiplied it by the weight, too.
        Multiply first.
    along_columns: Your stored numbers lie along the columns of the pictures. There are
        as many columns as channels here, so it runs. With `[:, None, None]` they lie
        along the channels.
    only_centered: You subtracted the mean, and did not divide. Divide by the root of
        the variance plus eps.
    not_centered: You divided, but subtracted no mean. Subtract it first.
    """
    stored = mean, variance, weight, bias
    m, v, w, b = _to_channels(stored)
    root = (v + 1e-5).sqrt()
    normal = (x - m) / root
    return {
        "own_statistics": F.batch_norm(x, None, None, weight, bias, training=True),
        "each_picture": F.instance_norm(x, weight=weight, bias=bias),
        "eps_forgotten": (x - m) / v.sqrt() * w + b,
        "eps_outside": (x - m) / (v.sqrt() + 1e-5) * w + b,
        "root_forgotten": (x - m) / (v + 1e-5) * w + b,
        "weight_and_bias_forgotten": normal,
        "weight_forgotten": normal + b,
        "bias_forgotten": normal * w,
        "bias_before_weight": (normal + b) * w,
        "along_columns": (x - mean) / (variance + 1e-5).sqrt() * weight + bias,
        "only_centered": (x - m) * w + b,
        "not_centered": x / root * w + b,
    }


# -- 4 ---------------------------------------------------------------------------------


def _score_and_picture(rng):
    """Return a score, a picture (H, W) and a size of squares, H unlike W.

    The score is one of NumPy's, so that it can be pickled: the logarithm of a sum of
    exponentials of some pixels. It rises where a dark square is covered.
    """
    size = int(rng.integers(2, 4))
    H, W = size * rng.permutation([2, 3, 4])[:2]
    picture = rng.uniform(0.2, 0.8, (H // size, W // size))
    picture = picture.repeat(size, 0).repeat(size, 1) + rng.uniform(-0.2, 0.2, (H, W))
    seen = rng.random((H, W)) < 0.75
    score_of = partial(np.logaddexp.reduce, axis=None, dtype=float, where=seen)
    return score_of, picture.round(3), size


@exercise(
    inputs=_score_and_picture,
    hints=[
        "For each square: make a copy of the picture, cover the square in it, and ask "
        "for the score. What is it compared with?",
        "The square in row i and column j begins at pixel `i * size`, `j * size`. In "
        "a copy, `covered[i * size : (i + 1) * size, j * size : (j + 1) * size] = "
        "picture.mean()`.",
        "Each time, `fall[i, j] = score_of(picture) - score_of(covered)`, with "
        "`covered = picture.copy()` made anew for each square.",
    ],
)
def occlusion(score_of, picture, size):
    """Return how much the score falls if a square is covered: (H / size, W / size).

    score_of is a function: `score_of(picture)` is the score that the model gives a
    picture (H, W), a number. picture is an array (H, W) of fractions. size is a whole
    number by which H and W can be divided: the picture consists of squares of size x
    size pixels, and each has a place in the result, in the same order. A square is
    covered by giving all its pixels the mean of the whole picture; the rest stays as it
    was. The result is above 0 where the score is lower with the square covered, and
    below 0 where it is higher.

    Source: Zeiler and Fergus (2014), "Visualizing and understanding convolutional
    networks"
    """
    H, W = picture.shape
    fall = np.zeros((H // size, W // size))
    for i, j in np.ndindex(*fall.shape):
        covered = picture.copy()
        covered[i * size : (i + 1) * size, j * size : (j + 1) * size] = picture.mean()
        fall[i, j] = score_of(picture) - score_of(covered)
    return fall


@occlusion.mistakes
def _(score_of, picture, size):
    """
    sign: The sign is wrong. The fall is the score of the whole picture minus that of
        the covered one.
    covered_scores: Those are the scores with a square covered. By how much are they
        lower than that of the whole picture?
    zeros: You covered the squares with 0. That is black, which says something, too: use
        the mean of the picture.
    only_the_square: You covered all but the square. Cover the square, and leave the
        rest.
    transposed: Your map lies on its side. Its rows are the picture's.
    relative: You divided by the score of the whole picture. Asked for is the fall
        itself.
    lost_signs: Your falls have lost their sign. Where the score rises, the square spoke
        against what the model says.
    stay_covered: A square stays covered when the next one is. Begin with a new copy of
        the picture each time.
    stay_covered_and_change_the_mean: A square stays covered when the next one is, and
        the mean is that of the covered picture. Begin with a new copy each time.
    own_mean: You gave each square its own mean. That only blurs it: use the mean of the
        whole picture.
    steps_of_one: Your squares begin one pixel apart. Square i begins at pixel
        i * size.
    each_pixel: Your map has a value for each pixel. Asked for is one for each square.
    """
    H, W = picture.shape
    score, mean = score_of(picture), picture.mean()
    shape = H // size, W // size

    def fall(change, step=size):
        """Return how the score falls if change(square, rest) is made to the picture."""
        result = np.zeros(shape)
        for i, j in np.ndindex(*shape):
            mask = np.zeros((H, W), bool)
            mask[i * step : i * step + size, j * step : j * step + size] = True
            result[i, j] = score - score_of(change(mask))
        return result

    def cover(mask):
        return np.where(mask, mean, picture)

    def staying(with_mean):
        now = picture.copy()

        def change(mask):
            now[mask] = with_mean(now)
            return now

        return fall(change)

    right = fall(cover)
    return {
        "sign": -right,
        "covered_scores": score - right,
        "zeros": fall(lambda mask: np.where(mask, 0, picture)),
        "only_the_square": fall(lambda mask: cover(~mask)),
        "transposed": right.T,
        "relative": right / score,
        "lost_signs": abs(right),
        "stay_covered": staying(lambda now: mean),
        "stay_covered_and_change_the_mean": staying(np.mean),
        "own_mean": fall(lambda mask: np.where(mask, picture[mask].mean(), picture)),
        "steps_of_one": fall(cover, step=1),
        "each_pixel": right.repeat(size, 0).repeat(size, 1),
    }


# -- 5 ---------------------------------------------------------------------------------


def _two_boxes(rng):
    """Return two boxes as lists of whole numbers, which overlap or lie apart.

    In turn they overlap, lie apart in both directions, and in one of them only. Of two
    that overlap, the first is the larger or the smaller one in turn.
    """
    kinds = (1, 1, 0), (0, 0, 0), (1, 1, 1), (0, 1, 1), (1, 1, 0)
    across, down, larger_first = draws.in_turn(rng, *kinds)
    left, right = _two_sides(rng, across)
    top, bottom = _two_sides(rng, down)
    boxes = np.stack([left, top, right, bottom], 1)
    areas = (right - left) * (bottom - top)
    return tuple(boxes[np.argsort(-areas if larger_first else areas)].tolist())


def _two_sides(rng, overlapping):
    """Return where two sides begin (2,) and where they end (2,), of unlike length."""
    first, second = rng.permutation(np.arange(8, 40))[:2]
    begin = rng.integers(3, 30)
    shift = rng.integers(2, first - 2) if overlapping else first + rng.integers(3, 20)
    order = rng.permutation(2)
    begins = np.array([begin, begin + shift])[order]
    return begins, begins + np.array([first, second])[order]


@exercise(
    inputs=_two_boxes,
    hints=[
        "What both cover is a box, too. Where are its left, top, right and bottom?",
        "It begins at the larger of the two lefts, and ends at the smaller of the two "
        "rights: `min(box[2], other[2]) - max(box[0], other[0])` is its width. What "
        "does a negative one mean? And what is counted twice if you add both areas?",
        "`both = max(0, width) * max(0, height)`, then divide by the sum of the areas "
        "minus `both`.",
    ],
)
def iou(box, other):
    """Return the intersection over union (IoU) of two boxes, a number from 0 to 1.

    box and other are lists of four numbers: left, top, right and bottom, in pixels. x
    grows to the right and y downwards, so left < right and top < bottom. Returned is
    the area that both boxes cover, divided by the area that at least one of them
    covers. Boxes that do not touch have an IoU of 0.

    Source: Everingham and others (2010), "The PASCAL visual object classes (VOC)
    challenge"
    """
    width = min(box[2], other[2]) - max(box[0], other[0])
    height = min(box[3], other[3]) - max(box[1], other[1])
    both = max(0, width) * max(0, height)
    areas = [
        (right - left) * (bottom - top) for left, top, right, bottom in (box, other)
    ]
    return both / (sum(areas) - both)


@iou.mistakes
def _(box, other):
    """
    of_the_smaller: You divided by the smaller box. Then a small box within a large one
        has 1. Divide by the area that at least one of them covers.
    of_the_larger: You divided by the larger box. Divide by the area that at least one
        of them covers.
    of_the_first: You divided by the first box. The IoU is the same with the boxes
        exchanged: divide by the area that at least one of them covers.
    of_the_sum: You divided by the sum of both areas. What both cover is counted twice
        in it: take it away once.
    dice: That is Dice's coefficient: you divided by the mean of both areas. Divide by
        the area that at least one of them covers.
    not_cut_off: Some of these boxes lie apart: your width or height of what both cover
        is negative then. Each must not be below 0.
    product_cut_off: Some of these boxes lie apart in both directions: then your width
        and height of what both cover are negative, and their product is not. Cut off
        each of them at 0, not the product.
    width_and_height: You read the last two numbers as width and height. They are where
        the box ends: its right and its bottom.
    one_more: You counted one pixel more in width and height, as if a box from 3 to 5
        had three columns. Here its width is 5 - 3.
    area_of_both: That is the area which both cover. Divide by the area that at least
        one of them covers.
    distance: That is 1 minus the IoU. Boxes that are the same should have 1.
    enclosing: You divided by the smallest box around both. It can cover what neither of
        them does: divide by the area that at least one of them covers.
    """
    a, b = np.array(box), np.array(other)
    width, height = np.minimum(a, b)[2:] - np.maximum(a, b)[:2]
    A, B = (np.prod(x[2:] - x[:2]) for x in (a, b))
    both = max(0, width) * max(0, height)
    right = both / (A + B - both)

    def over_union(both, A=A, B=B):
        return both / (A + B - both)

    lower, upper = np.minimum(a, b), np.maximum(a, b)
    ends = np.minimum(a[:2] + a[2:], b[:2] + b[2:])
    read_otherwise = np.prod(np.maximum(0, ends - upper[:2]))
    more = [np.prod(x[2:] - x[:2] + 1) for x in (a, b)]
    return {
        "of_the_smaller": both / min(A, B),
        "of_the_larger": both / max(A, B),
        "of_the_first": both / A,
        "of_the_sum": both / (A + B),
        "dice": 2 * both / (A + B),
        "not_cut_off": over_union(width * height),
        "product_cut_off": over_union(max(0, width * height)),
        "width_and_height": over_union(read_otherwise, a[2] * a[3], b[2] * b[3]),
        "one_more": over_union(max(0, width + 1) * max(0, height + 1), *more),
        "area_of_both": both,
        "distance": 1 - right,
        "enclosing": both / np.prod(upper[2:] - lower[:2]),
    }


# -- 6 ---------------------------------------------------------------------------------


def _boxes_with_a_chain(rng):
    """Return boxes (N, 4), scores (N,), and the overlap that is allowed.

    The best box begins a row of five: each overlaps the next one too much, and is surer
    than it. The next three begin a row of four, and one or two boxes stand alone.
    """
    step = rng.uniform(0.26, 0.3)  # of a box, from one to the next
    near, far = (1 - step) / (1 + step), (1 - 2 * step) / (1 + 2 * step)
    overlap = round(far + rng.uniform(0.3, 0.7) * (near - far), 2)
    rows = [5, 4, *[1] * int(rng.integers(1, 3))]
    boxes = np.concatenate(
        [_row_of_boxes(rng, count, step, begin=300 * k) for k, count in enumerate(rows)]
    )
    N = len(boxes)
    scores = np.sort(rng.choice(np.arange(20, 99), N, replace=False))[::-1] / 100
    rest = rng.permutation(np.append([1, 2, 3, 4], np.arange(8, N)))
    rest[rest < 5] = 1, 2, 3, 4  # from the surest down, as all of it
    places = np.append([0, 5, 6, 7], rest)
    order = rng.permutation(N)
    return boxes[places][order], scores[order], overlap


def _row_of_boxes(rng, count, step, begin):
    """Return boxes (count, 4) of one size, each a step right of the last, or below."""
    size, corner = rng.uniform(40, 60, 2), begin + rng.uniform(0, 50, 2)
    direction = np.array([1, 0] if rng.random() < 0.5 else [0, 1])
    corners = corner + np.arange(count)[:, None] * step * size * direction
    return np.hstack([corners, corners + size]).round(2)


@exercise(
    inputs=_boxes_with_a_chain,
    hints=[
        "Begin with the surest box: it stays. Then the next one: with which boxes is "
        "it compared?",
        "`np.argsort(-scores)` has the places from the surest down. Keep a list of "
        "those that stay, and compare each new box with the boxes in this list only. "
        "Your `iou` compares two boxes.",
        "`if all(iou(boxes[k], boxes[other]) <= overlap for other in places):`, then "
        "`places.append(int(k))`",
    ],
)
def kept(boxes, scores, overlap):
    """Return which boxes non-maximum suppression (NMS) keeps: a list of places.

    boxes is an array (N, 4): left, top, right and bottom of N boxes. scores is an array
    (N,): how sure the detector is of each, no two of them the same. overlap is a number
    from 0 to 1. Going through the boxes from the surest down, a box is kept if its IoU
    with each box kept before is at most `overlap`; else it is removed. The result is
    a list of the places of the kept boxes, counted from 0, the surest one first.

    Source: Girshick and others (2014), "Rich feature hierarchies for accurate object
    detection and semantic segmentation"
    """

    def alike(box, other):
        low, high = np.maximum(box, other)[:2], np.minimum(box, other)[2:]
        both = np.prod(np.maximum(high - low, 0))
        areas = np.prod(box[2:] - box[:2]) + np.prod(other[2:] - other[:2])
        return both / (areas - both)

    places = []
    for k in np.argsort(-scores):
        if all(alike(boxes[k], boxes[other]) <= overlap for other in places):
            places.append(int(k))
    return places


@kept.mistakes
def _(boxes, scores, overlap):
    """
    all_kept: All boxes are kept. Those that overlap a surer one too much are the same
        thing found again.
    order_of_the_file: You went through the boxes in the order they came in. The surest
        one comes first: it must not be removed by another.
    worst_first: You began with the box that the detector is least sure of. Begin with
        the surest one.
    removed_remove: A box that is removed still removes others in yours. Compare only
        with boxes that are kept.
    only_the_best: Only the surest box is kept. What is far away from it is another
        thing.
    turned: You kept what overlaps, and removed what does not. A large IoU means that
        it is the same thing found again.
    last_kept_only: You compared each box with the last one that was kept. Any box kept
        before may have found the same thing.
    one_before_only: You compared each box with the one just before it in the order of
        the scores. Any box kept before may have found the same thing.
    any_overlap: You removed each box that overlaps a kept one at all. An IoU up to
        `overlap` is allowed: two things can stand close together.
    sorted_by_place: The right boxes, but sorted by their places. The surest one should
        come first.
    worst_listed_first: The right boxes, but the surest one comes last. It should come
        first.
    kept_scores: Those are the scores of the boxes that are kept. Asked for are their
        places.
    """
    low = np.maximum(boxes[:, None, :2], boxes[:, :2])
    high = np.minimum(boxes[:, None, 2:], boxes[:, 2:])
    both = np.prod(np.maximum(high - low, 0), 2)
    area = np.prod(boxes[:, 2:] - boxes[:, :2], 1)
    alike = both / (area + area[:, None] - both)
    order = np.argsort(-scores).tolist()

    def through(order, stays):
        places = []
        for k in order:
            if stays(k, places):
                places.append(k)
        return places

    def fits(k, places):
        return not places or alike[k, places].max() <= overlap

    def before(k):
        return order[: order.index(k)]

    right = through(order, fits)
    return {
        "all_kept": order,
        "order_of_the_file": through(range(len(scores)), fits),
        "worst_first": through(order[::-1], fits),
        "removed_remove": [k for k in order if fits(k, before(k))],
        "only_the_best": order[:1],
        "turned": through(order, lambda k, p: not p or alike[k, p].min() >= overlap),
        "last_kept_only": through(order, lambda k, p: fits(k, p[-1:])),
        "one_before_only": [k for k in order if fits(k, before(k)[-1:])],
        "any_overlap": through(order, lambda k, p: not alike[k, p].any()),
        "sorted_by_place": sorted(right),
        "worst_listed_first": right[::-1],
        "kept_scores": scores[right],
    }


# -- 7 ---------------------------------------------------------------------------------


def _detections(rng):
    """Return which of N detections are right (N,), and how many true boxes there are.

    Some true box is missed, N is another number, and the first detection is wrong.
    """
    N = int(rng.integers(9, 17))
    right = np.append(False, rng.random(N - 1) < 0.55)
    right[rng.integers(1, 4) + np.arange(3)] = False, True, True
    found = int(right.sum())
    truths = found + int(rng.integers(1, 4))
    return right, truths + (truths == N)


@exercise(
    inputs=_detections,
    hints=[
        "The third detection is right, and so was one before it. What is the precision "
        "at this moment?",
        "`right.cumsum()` counts how many were right until each place; divide it by "
        "1, 2, 3 and so on. Which places count, and by how many do you divide the sum?",
        "`precision = right.cumsum() / np.arange(1, len(right) + 1)`, then "
        "`precision[right].sum() / truths`",
    ],
)
def average_precision(right, truths):
    """Return the average precision (AP) of a list of detections, from 0 to 1.

    right is an array (N,) of True and False, one for each detection, from the surest
    down: True if it found a true box that none before it had found. truths is a whole
    number: how many true boxes there are, at least as many as were found. A true box is
    worth the precision at the moment when it is found, which is the share of right ones
    among the detections until then, itself included. One that is never found is worth
    0. Returned is the mean over all true boxes. (Some programs smooth the precisions
    before; here they are taken as they are.)

    Source: Manning, Raghavan and Schütze (2008), "Introduction to information
    retrieval", section 8.4
    """
    precision = right.cumsum() / np.arange(1, len(right) + 1)
    return precision[right].sum() / truths


@average_precision.mistakes
def _(right, truths):
    """
    found_only: That is the mean over the true boxes that were found. Those that were
        never found are worth 0: divide by `truths`.
    at_the_end: That is the precision at the end of the list: which ones come first does
        not count in it. Take it at each moment when a true box is found.
    recall: That is the share of the true boxes that were found. Wrong detections before
        them should count, too.
    last_first: You went through the list from its end. The surest detection comes
        first.
    every_detection: You took the mean of the precision over all detections. It counts
        at the moments when a true box is found.
    f1: That is F1 at the end of the list: which ones come first does not count in it.
        Take the precision at each moment when a true box is found.
    of_all_boxes: You divided the right ones by all boxes, found or true. Which ones
        come first does not count in it: take the precision at each moment when a true
        box is found.
    divided_by_detections: You divided by how many detections there are. It is a mean
        over the true boxes.
    places_from_0: You divided by the place counted from 0, which is one detection too
        few. The detection itself is among them: count places from 1.
    one_over_place: Each one found counts 1 / place in yours. Its precision is larger if
        others were right before it: count them.
    smoothed: You took the largest precision that comes at the same place or later. Some
        programs do so; here the precisions are taken as they are.
    first_ones: That is the precision among the first detections, as many as there are
        true boxes. Take it at each moment when a true box is found.
    """
    N, found = len(right), right.sum()
    places = np.arange(1, N + 1)
    precision = right.cumsum() / places
    turned = right[::-1].cumsum() / places
    largest = np.maximum.accumulate(precision[::-1])[::-1]
    from_0 = right.cumsum() / np.maximum(places - 1, 1)
    return {
        "found_only": precision[right].mean(),
        "at_the_end": found / N,
        "recall": found / truths,
        "last_first": turned[right[::-1]].sum() / truths,
        "every_detection": precision.mean(),
        "f1": 2 * found / (N + truths),
        "of_all_boxes": found / (N + truths - found),
        "divided_by_detections": precision[right].sum() / N,
        "places_from_0": from_0[right].sum() / truths,
        "one_over_place": (1 / places)[right].sum() / truths,
        "smoothed": largest[right].sum() / truths,
        "first_ones": right[:truths].mean(),
    }


# -- 8 ---------------------------------------------------------------------------------


def _codes(rng):
    """Return means (N, D) and log variances (N, D) of codes, N unlike D."""
    N, D = rng.permutation(np.arange(3, 9))[:2]
    return draws.normal(rng, N, D), 0.8 * draws.normal(rng, N, D)


@exercise(
    inputs=_codes,
    hints=[
        "The formula has the variance v and ln v. Which of them do you have, and how "
        "do you get the other?",
        "`log_variance.exp()` is v, and ln v is `log_variance` itself. A picture has D "
        "numbers: what becomes of what they add?",
        "`(log_variance.exp() + mean**2 - 1 - log_variance).sum(1) / 2`",
    ],
)
def kl_to_normal(mean, log_variance):
    """Return how far each picture's codes are from standard normal ones: (N,).

    mean and log_variance are tensors (N, D): for each of N pictures, the mean and the
    natural logarithm of the variance of the D numbers of its code, each of them
    normally distributed. Returned is the Kullback-Leibler divergence from this
    distribution to the standard normal one. With mean m and variance v, a number of the
    code adds to it

        ½ · (v + m² - 1 - ln v)

    Source: Kingma and Welling (2014), "Auto-encoding variational Bayes"
    """
    variance = log_variance.exp()
    return (variance + mean**2 - 1 - log_variance).sum(1) / 2


@kl_to_normal.mistakes
def _(mean, log_variance):
    """
    mean_of_the_code: You took the mean over the D numbers of a code. The divergence is
        what they add up to.
    half_forgotten: The half is missing: each number of a code adds ½ · (...).
    sign: The sign is wrong. A divergence is never below 0: the code pays for what makes
        it unlike a standard normal one.
    log_of_the_std: You took `log_variance` for the logarithm of the standard deviation.
        Its exp is the variance already.
    one_forgotten: The minus 1 is missing. A standard normal code should cost 0.
    not_squared: The mean is not squared. A mean of -2 is as far away as one of 2.
    exp_forgotten: You took `log_variance` for the variance in the first place: its exp
        is missing.
    log_added: You added ln v. It is subtracted: a small variance costs, too.
    mean_forgotten: The means are missing. Codes far from 0 should cost.
    reversed: That is the divergence the other way around, from the standard normal
        distribution to the code's. It is not the same.
    over_the_pictures: You added up over the pictures. Each picture has its own result,
        made of the D numbers of its code.
    mean_of_the_pictures: That is the mean over the pictures. Asked for is one number
        for each of them.
    """
    m, v, log = mean, log_variance.exp(), log_variance
    each = (v + m**2 - 1 - log) / 2
    right = each.sum(1)
    return {
        "mean_of_the_code": each.mean(1),
        "half_forgotten": 2 * right,
        "sign": -right,
        "log_of_the_std": (v**2 + m**2 - 1 - 2 * log).sum(1) / 2,
        "one_forgotten": (v + m**2 - log).sum(1) / 2,
        "not_squared": (v + m - 1 - log).sum(1) / 2,
        "exp_forgotten": (m**2 - 1).sum(1) / 2,
        "log_added": (v + m**2 - 1 + log).sum(1) / 2,
        "mean_forgotten": (v - 1 - log).sum(1) / 2,
        "reversed": ((1 + m**2) / v - 1 + log).sum(1) / 2,
        "over_the_pictures": each.sum(0),
        "mean_of_the_pictures": right.mean(),
    }


# -- 9 ---------------------------------------------------------------------------------


def _data_noise_and_times(rng):
    """Return data and noise (N, D), times (N,): N is D, so that t fits both ways."""
    N = int(rng.integers(3, 8))
    data = 2 + draws.normal(rng, N, N)
    return data, draws.normal(rng, N, N), torch.from_numpy(rng.uniform(0.1, 0.9, N))


@exercise(
    inputs=_data_noise_and_times,
    hints=[
        "Where is a point at the time 0, at 1, and halfway? And how far does it come "
        "in one unit of time?",
        "A point is at (1 - t) times its noise plus t times its data. Each row has its "
        "own t: `t[:, None]` has the shape (N, 1), and counts for the whole row.",
        "`t = t[:, None]`, then `return (1 - t) * noise + t * data, data - noise`",
    ],
)
def flow_pair(data, noise, t):
    """Return where points are at the time t, and where they go: two tensors (N, D).

    data is a tensor (N, D): N points of D numbers, as they should be made. noise is a
    tensor (N, D): where each of them begins. t is a tensor (N,): a time from 0 to 1 for
    each point. Each goes on a straight line and at a steady speed from its noise, where
    it is at the time 0, to its data, where it is at the time 1. The first result has
    where they are at the time t, the second their velocity: by how much they would
    change in one unit of time.

    Source: Lipman and others (2023), "Flow matching for generative modeling"
    """
    t = t[:, None]
    points = (1 - t) * noise + t * data
    velocities = data - noise
    return points, velocities


@flow_pair.mistakes
def _(data, noise, t):
    """
    time_turned: Your points begin at the data. At the time 0 they should be noise. Your
        velocities are right.
    velocity_turned: Your velocities lead from the data to the noise. Your points are
        right.
    both_turned: Your points go from the data to the noise, as in many papers on
        diffusion. Here the time 0 is noise, and 1 is data.
    roots: You mixed with the roots of 1 - t and t, as diffusion does to keep the
        variance. That is no straight line at a steady speed.
    velocity_times_t: You multiplied the velocities by t. The speed is steady: it does
        not hang on the time.
    way_left: Your velocities are the way that is left until the data. The speed is
        steady: take the whole way, from noise to data.
    data_as_velocity: Your velocities are the data. Asked for is where the points go,
        not where they end: subtract where they begin.
    noise_as_velocity: Your velocities are the noise, which is what some diffusion
        models predict. Asked for is the way from noise to data.
    along_columns: Your t lies along the columns. There are as many columns as points
        here, so it runs. With `t[:, None]` each row has its own time.
    noise_kept: You added t times the data to the whole noise. It fades on the way:
        multiply it by 1 - t.
    time_forgotten: You added noise and data, and left out t. Mix them: the later it is,
        the more of the data.
    exchanged: You returned the velocities first. The points come first.
    """
    T = t[:, None]
    points, velocities = (1 - T) * noise + T * data, data - noise
    turned = T * noise + (1 - T) * data
    return {
        "time_turned": (turned, velocities),
        "velocity_turned": (points, -velocities),
        "both_turned": (turned, -velocities),
        "roots": ((1 - T).sqrt() * noise + T.sqrt() * data, velocities),
        "velocity_times_t": (points, T * velocities),
        "way_left": (points, data - points),
        "data_as_velocity": (points, data),
        "noise_as_velocity": (points, noise),
        "along_columns": ((1 - t) * noise + t * data, velocities),
        "noise_kept": (noise + T * data, velocities),
        "time_forgotten": (noise + data, velocities),
        "exchanged": (velocities, points),
    }


# -- 10 --------------------------------------------------------------------------------


def _velocities(rng):
    """Return two kinds of velocities (N, D), N unlike D, and a guidance."""
    N, D = rng.permutation(np.arange(2, 7))[:2]
    guidance = draws.in_turn(rng, 0.3, 1.3, 2.3) + rng.integers(0, 60) / 100
    return draws.normal(rng, N, D), draws.normal(rng, N, D), round(guidance, 2)


@exercise(
    inputs=_velocities,
    hints=[
        "Which way leads from the unconditional to the conditional velocity?",
        "That way is `conditional - unconditional`. Where do you begin, so that a "
        "guidance of 0 gives the conditional one?",
        "`conditional + guidance * (conditional - unconditional)`",
    ],
)
def guided(conditional, unconditional, guidance):
    """Return the guided velocities: (N, D), as both inputs.

    conditional is a tensor (N, D): the velocities of N points, if the model is told
    which digit it should make. unconditional is a tensor (N, D): those if it is not
    told. guidance is a number, 0 or above: how many times the way from the
    unconditional to the conditional velocity is gone once more, beyond the conditional
    one. So a guidance of 0 gives the conditional one as it is. (Others call the same
    guidance 1; here it is the extra.)

    Source: Ho and Salimans (2022), "Classifier-free diffusion guidance"
    """
    toward_the_digit = conditional - unconditional
    return conditional + guidance * toward_the_digit


@guided.mistakes
def _(conditional, unconditional, guidance):
    """
    from_the_unconditional: You began at the unconditional velocity. Many programs do
        so, but then a guidance of 0 ignores the digit. Here 0 gives the conditional
        one: begin there.
    turned: You go from the conditional velocity back to the unconditional one. Guidance
        goes on in the other direction.
    mean: That is the mean of both. Guidance goes beyond the conditional velocity, not
        between the two.
    weighted_mean: That is a weighted mean of both. Guidance goes beyond the conditional
        velocity, not between the two.
    sum: You added the unconditional velocity. Subtract it: what is common to all digits
        should not grow.
    unconditional_alone: That is the unconditional velocity: any digit would do.
    conditional_alone: That is the conditional velocity. The guidance is missing.
    scaled: You multiplied the conditional velocity by 1 + guidance. Then all of it
        grows. Only the way from the unconditional one should.
    way_alone: That is the extra alone. Add it to the conditional velocity.
    gone_twice: You went the way once too often: 1 + guidance times beyond the
        conditional velocity.
    """
    c, u, g = conditional, unconditional, guidance
    return {
        "from_the_unconditional": u + g * (c - u),
        "turned": c + g * (u - c),
        "mean": (c + u) / 2,
        "weighted_mean": (c + g * u) / (1 + g),
        "sum": (1 + g) * c + g * u,
        "unconditional_alone": u,
        "conditional_alone": c,
        "scaled": (1 + g) * c,
        "way_alone": g * (c - u),
        "gone_twice": c + (1 + g) * (c - u),
    }


# -- 11 --------------------------------------------------------------------------------


def _means_and_spreads(rng):
    """Return the means and standard deviations (D,) of two sets of pictures."""
    D = int(rng.integers(4, 10))
    means = [rng.normal(size=D).round(2), rng.normal(size=D).round(2)]
    stds = [rng.uniform(0.6, 2.4, D).round(2), rng.uniform(0.2, 1.2, D).round(2)]
    return means[0], stds[0], means[1], stds[1]


@exercise(
    inputs=_means_and_spreads,
    hints=[
        "There are two differences for each of the D numbers. What becomes of them?",
        "Square the differences of the means, and those of the standard deviations. "
        "All of them are added up.",
        "`((mean - other_mean) ** 2 + (std - other_std) ** 2).sum()`",
    ],
)
def frechet_of_independent(mean, std, other_mean, other_std):
    """Return the squared Fréchet distance of two sets of pictures, a number.

    mean and std are arrays (D,): the mean and the standard deviation of each of D
    numbers by which a judge describes real pictures. other_mean and other_std are the
    same of generated ones. The numbers are taken for independent and normally
    distributed. Then the squared distance is the sum, over the D numbers, of the
    squared difference of the means and of that of the standard deviations.

    Source: Heusel and others (2017), "GANs trained by a two time-scale update rule
    converge to a local Nash equilibrium"
    """
    squared = (mean - other_mean) ** 2 + (std - other_std) ** 2
    return squared.sum()


@frechet_of_independent.mistakes
def _(mean, std, other_mean, other_std):
    """
    variances: You took the difference of the variances. Take that of the standard
        deviations: leave them as they are.
    means_only: The standard deviations are missing. A generator that always makes the
        average picture has the right means.
    spreads_only: The means are missing. Pictures of something else can be as varied.
    root: You took the root. Asked for is the squared distance.
    mean_of_the_numbers: You took the mean over the D numbers. Asked for is the sum.
    divergence: That is the Kullback-Leibler divergence. It grows without bound where
        the generated pictures are all alike; the Fréchet distance does not.
    absolute: You took the sizes of the differences. Take their squares.
    std_for_variance: You took the standard deviations for variances, and their roots.
        Take their difference as they are.
    variances_added: You added the variances of both. If both sets were the same, that
        would not be 0: square the difference of the standard deviations.
    squared_last: You added up the differences, and squared the sums. One that is too
        large and one that is too small cancel out: square each first.
    not_squared: You did not square. Differences above and below 0 cancel out then.
    multiplied: You multiplied the differences of means and standard deviations. Square
        and add them.
    """
    m, s = mean - other_mean, std - other_std
    a, b = std, other_std
    right = (m**2 + s**2).sum()
    return {
        "variances": (m**2 + (a**2 - b**2) ** 2).sum(),
        "means_only": (m**2).sum(),
        "spreads_only": (s**2).sum(),
        "root": np.sqrt(right),
        "mean_of_the_numbers": right / len(m),
        "divergence": (np.log(b / a) + (a**2 + m**2) / (2 * b**2) - 0.5).sum(),
        "absolute": (abs(m) + abs(s)).sum(),
        "std_for_variance": (m**2 + (np.sqrt(a) - np.sqrt(b)) ** 2).sum(),
        "variances_added": (m**2 + a**2 + b**2).sum(),
        "squared_last": m.sum() ** 2 + s.sum() ** 2,
        "not_squared": (m + s).sum(),
        "multiplied": (m**2 * s**2).sum(),
    }
