"""Exercises of chapter 05: convolutions, a training loop, honest accuracy on MNIST."""

from math import ceil

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from bigmodel_lab.exercises.draws import classes, torch_seeded_by
from bigmodel_lab.exercises.judging.judge import exercise

# -- 1 ---------------------------------------------------------------------------------


@exercise(
    inputs=lambda rng: tuple(rng.integers([1, 1, 2], [65, 129, 8]).tolist()),
    tolerance=0,  # a count
    hints=[
        "Count one filter first. It looks at a small window, in every input channel.",
        "One filter has in_channels * kernel_size² weights and a bias. How many "
        "filters are there?",
        "`out_channels * (in_channels * kernel_size**2 + 1)`",
    ],
)
def conv_parameters(in_channels, out_channels, kernel_size):
    """Return the number of parameters of a convolution with square kernels.

    All three are whole numbers; kernel_size is the side of a kernel.
    """
    return out_channels * (in_channels * kernel_size**2 + 1)


@conv_parameters.mistakes
def _(in_channels, out_channels, kernel_size):
    """
    no_bias: These are the weights. Every filter also learns a bias, unless told not to.
    input_channels_forgotten: Your filters see one input channel. A filter is a block:
        it has a k x k kernel for every input channel, and adds their results up.
    kernel_not_squared: A kernel of size 3 has 3 x 3 weights, not 3: square the size.
    one_bias_for_all: The weights are right. But every filter has a bias of its own, not
        the whole layer one.
    bias_for_each_kernel: You gave every k x k kernel a bias. A filter adds up its
        kernels' results, one for each input channel, and then a single bias.
    bias_for_each_input: The biases belong to the filters: there is one for each output
        channel, not for each input channel.
    """
    kernel = kernel_size**2
    weights = out_channels * in_channels * kernel
    return {
        "no_bias": weights,
        "input_channels_forgotten": out_channels * (kernel + 1),
        "kernel_not_squared": out_channels * (in_channels * kernel_size + 1),
        "one_bias_for_all": weights + 1,
        "bias_for_each_kernel": out_channels * in_channels * (kernel + 1),
        "bias_for_each_input": weights + in_channels,
    }


# -- 2 ---------------------------------------------------------------------------------


@exercise(
    inputs=lambda rng: tuple(rng.integers(20, 200, 2).tolist()),
    tolerance=0,  # a count
    hints=[
        "Follow one side of the image through the five layers: 28 becomes 26 after the "
        "first convolution. What does a 3 x 3 kernel take away, what does a pooling?",
        "A convolution without padding takes 2 away. Pooling halves, and drops a last "
        "row or column that has no partner: 28, 26, 13, 11, 5, 3.",
        "64 * side(height) * side(width), where side(n) is "
        "`((n - 2) // 2 - 2) // 2 - 2`.",
    ],
)
def flat_features(height, width):
    """Return how many numbers reach the first dense layer of D4's network.

    In front of it are three 3 x 3 convolutions without padding, of 32, 64 and 64
    filters; a 2 x 2 max-pooling follows the first and the second. Height and width
    are the image's, whole numbers.
    """
    for _ in range(2):
        height, width = (height - 2) // 2, (width - 2) // 2  # convolution, pooling
    return 64 * (height - 2) * (width - 2)


@flat_features.mistakes
def _(height, width):
    """
    padding_assumed: You let the convolutions keep the size, as with padding="same".
        Keras and PyTorch do not pad unless told to: every 3 x 3 convolution costs two
        rows and columns.
    channels_forgotten: That is the size of one feature map. The third convolution has
        64 filters, so there are 64 of them, and flattening keeps them all.
    pooled_three_times: You pooled after the third convolution too. In D4 §5.2 the
        flattening comes right after it.
    pooling_forgotten: You left the two poolings out: each halves height and width.
        Without them the dense layer would need about 50 times as many weights for a 28
        x 28 image.
    third_convolution_forgotten: You flattened before the third convolution. It comes
        after the second pooling, and takes two rows and two columns as well.
    rounded_up: You rounded up where a side is odd. A pooling drops a last row or column
        that has no partner: round down, with //.
    not_rounded: Half a pixel is none: a pooling drops a last row or column that has no
        partner. Round down after each, with //.
    """

    def features(side):
        return 64 * side(height) * side(width)

    return {
        "padding_assumed": features(lambda n: n // 2 // 2),
        "channels_forgotten": features(lambda n: ((n - 2) // 2 - 2) // 2 - 2) // 64,
        "pooled_three_times": features(lambda n: (((n - 2) // 2 - 2) // 2 - 2) // 2),
        "pooling_forgotten": features(lambda n: n - 6),
        "third_convolution_forgotten": features(lambda n: ((n - 2) // 2 - 2) // 2),
        "rounded_up": features(lambda n: ceil((ceil((n - 2) / 2) - 2) / 2) - 2),
        "not_rounded": features(lambda n: ((n - 2) / 2 - 2) / 2 - 2),
    }


# -- 3 ---------------------------------------------------------------------------------


def _image_and_kernel(rng):
    """Return a random image (H, W) and kernel (k, k), of small integers."""
    (height, width), k = rng.integers(7, 12, 2), rng.choice([3, 5])
    image, kernel = rng.integers(0, 10, (height, width)), rng.integers(-3, 4, (k, k))
    # Integers as floats: sums are exact in float32, too.
    return torch.from_numpy(image).double(), torch.from_numpy(kernel).double()


@exercise(
    inputs=_image_and_kernel,
    hints=[
        "Lay the kernel on the top left corner of the image, multiply each pixel by "
        "the weight on it, add up: that is one number. Then move by one pixel.",
        "The number at [i, j] comes from the patch `image[i : i + k, j : j + k]`. "
        "There are H - k + 1 places from top to bottom.",
        "`result[i, j] = (image[i : i + k, j : j + k] * kernel).sum()` for all i and "
        "j; or `F.conv2d(image[None, None], kernel[None, None])[0, 0]`.",
    ],
)
def conv2d(image, kernel):
    """Return image (H, W) convolved with kernel (k, k), as a network does it.

    Both are tensors. No padding, stride 1: the result is (H - k + 1, W - k + 1).
    """
    k, (H, W) = len(kernel), image.shape
    result = torch.zeros(H - k + 1, W - k + 1)
    for i in range(H - k + 1):
        for j in range(W - k + 1):
            result[i, j] = (image[i : i + k, j : j + k] * kernel).sum()
    return result


@conv2d.mistakes
def _(image, kernel):
    """
    kernel_flipped: You flipped the kernel: that is a mathematician's convolution,
        SciPy's too. A network learns its kernels, whichever way they are read, and
        leaves the flip out.
    zeros_around: You padded the image with zeros, so that the result keeps its size.
        D4's convolutions (§5.2) do not: the kernel lies wholly inside the image.
    kernel_transposed: Rows and columns of your kernel are swapped: a kernel for
        vertical edges would find horizontal ones. The row of the image goes with the
        row of the kernel.
    last_place_missing: The last row and column are missing: a kernel as large as the
        image fits in one place, not in none. Count the places again.
    matrix_product: `@` is the matrix product, which mixes rows with columns. Here every
        pixel is multiplied by the one weight that lies on it.
    averaged: You took the mean of each patch's products. A convolution adds them up.
    too_far_apart: You moved by the kernel's width, so that the patches do not overlap.
        With stride 1 the kernel moves by a single pixel.
    relu_applied: You set negative results to 0: that is ReLU, which comes after the
        convolution. The convolution alone may be negative.
    """
    k = len(kernel)
    patches = image.unfold(0, k, 1).unfold(1, k, 1)  # (H - k + 1, W - k + 1, k, k)

    def slide(kernel, **options):
        return F.conv2d(image[None, None], kernel[None, None], **options)[0, 0]

    return {
        "kernel_flipped": slide(kernel.flip(0, 1)),
        "zeros_around": slide(kernel, padding=k // 2),
        "kernel_transposed": slide(kernel.T),
        "last_place_missing": slide(kernel)[:-1, :-1],
        "matrix_product": (patches @ kernel).sum((2, 3)),
        "averaged": slide(kernel / k**2),
        "too_far_apart": slide(kernel, stride=k),
        "relu_applied": slide(kernel).relu(),
    }


# -- 4 ---------------------------------------------------------------------------------


def _network(rng, *layers):
    """Return a network (N, 1, 4, 4) -> (N, 10) in float64; weights drawn by rng."""
    with torch_seeded_by(rng):
        return nn.Sequential(nn.Flatten(), *layers, nn.Linear(16, 10)).double()


def _images(rng, count):
    """Return random images (count, 1, 4, 4)."""
    return torch.from_numpy(rng.uniform(size=(count, 1, 4, 4)))


def _epoch(rng):
    """Return model, optimizer, images, labels and a batch size with a remainder."""
    # A single layer: with two, a step between forward and backward is an error.
    model = _network(rng)
    optimizer = torch.optim.SGD(model.parameters(), lr=rng.uniform(0.5, 1))
    batch_size = int(rng.integers(5, 9))
    count = 3 * batch_size + int(rng.integers(2, batch_size))
    labels = classes(rng, count, 10)
    return model, optimizer, _images(rng, count), labels, batch_size


@exercise(
    inputs=_epoch,
    hints=[
        "Cut images and labels into batches, `images.split(batch_size)`. For every "
        "batch: predict, measure the loss, compute gradients, take a step.",
        "Gradients add up until `optimizer.zero_grad()`. And `F.cross_entropy` wants "
        "the logits: it already contains the softmax.",
        "For each batch: `loss = F.cross_entropy(model(X), y)`, "
        "`optimizer.zero_grad()`, `loss.backward()`, `optimizer.step()`, and "
        "`losses.append(loss.item())`.",
    ],
)
def train_epoch(model, optimizer, images, labels, batch_size):
    """Train model for one epoch and return the losses of its batches, as floats.

    The tensors images (N, 1, H, W) and labels (N,) are taken in the given order; the
    last batch may be smaller. The model returns logits (batch, 10); the loss is
    cross-entropy.
    """
    losses = []
    for start in range(0, len(images), batch_size):
        X, y = images[start : start + batch_size], labels[start : start + batch_size]
        loss = F.cross_entropy(model(X), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


@train_epoch.misconception
def gradients_add_up(model, optimizer, images, labels, batch_size):
    """The first two losses are right, then yours drift off: gradients add up over the
    batches. Every batch must start with none, not only the first one.
    """
    optimizer.zero_grad = lambda: None
    return train_epoch.solution(model, optimizer, images, labels, batch_size)


@train_epoch.misconception
def softmax_twice(model, optimizer, images, labels, batch_size):
    """You put a softmax before F.cross_entropy, which already contains one. D2's and
    D4's networks end in softmax for Keras's loss (§5.2 in both); PyTorch's wants
    logits.
    """
    model = nn.Sequential(model, nn.Softmax(1))
    return train_epoch.solution(model, optimizer, images, labels, batch_size)


@train_epoch.misconception
def never_moves(model, optimizer, images, labels, batch_size):
    """These are the losses of the untrained network: no step changed it. Is
    optimizer.step() there, after backward(), with no zero_grad() between the two?
    """
    optimizer.step = lambda: None
    return train_epoch.solution(model, optimizer, images, labels, batch_size)


@train_epoch.misconception
def one_batch_late(model, optimizer, images, labels, batch_size):
    """Your step comes before backward(), so it follows the gradient of the previous
    batch. First the gradient, then the step.
    """
    losses = []
    for X, y in zip(images.split(batch_size), labels.split(batch_size), strict=True):
        loss = F.cross_entropy(model(X), y)
        optimizer.step()
        optimizer.zero_grad()
        loss.backward()
        losses.append(loss.item())
    return losses


@train_epoch.misconception
def rest_dropped(model, optimizer, images, labels, batch_size):
    """Correct up to the last batch, which you left out because it is smaller. Its
    images would never be trained on: take what is left.
    """
    whole = len(images) // batch_size * batch_size
    images, labels = images[:whole], labels[:whole]
    return train_epoch.solution(model, optimizer, images, labels, batch_size)


@train_epoch.misconception
def first_batch_again(model, optimizer, images, labels, batch_size):
    """You trained on the first batch every time: the loss falls nicely, and most images
    are never seen. Where does the next batch start?
    """
    rows = torch.arange(batch_size).repeat(ceil(len(images) / batch_size))
    images, labels = images[rows], labels[rows]
    return train_epoch.solution(model, optimizer, images, labels, batch_size)


@train_epoch.misconception
def summed_loss(model, optimizer, images, labels, batch_size):
    """Your loss is the sum over the batch, and so is its gradient: with a larger batch
    the steps grow. F.cross_entropy takes the mean if you let it.
    """
    losses = []
    for X, y in zip(images.split(batch_size), labels.split(batch_size), strict=True):
        loss = F.cross_entropy(model(X), y, reduction="sum")
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


@train_epoch.misconception
def measured_after_the_step(model, optimizer, images, labels, batch_size):
    """You measured each loss after the step, on images that it was just fitted to. The
    loss of a batch is the one whose gradient you take, before the step.
    """
    losses = []
    for X, y in zip(images.split(batch_size), labels.split(batch_size), strict=True):
        train_epoch.solution(model, optimizer, X, y, batch_size)
        losses.append(F.cross_entropy(model(X), y).item())
    return losses


@train_epoch.misconception
def mean_loss(model, optimizer, images, labels, batch_size):
    """The training is right, and that is the mean of the losses. Return all of them in
    a list, one for each batch.
    """
    return np.mean(train_epoch.solution(model, optimizer, images, labels, batch_size))


# -- 5 ---------------------------------------------------------------------------------


def _trained(rng):
    """Return a network in training mode, images (40, 1, 4, 4) and labels (40,)."""
    model, images = _network(rng, nn.BatchNorm1d(16)), _images(rng, 40)
    norm = model[1]
    norm.running_mean += torch.from_numpy(rng.uniform(size=16))
    norm.running_var *= 1 / 12  # that of the images
    labels = model.eval()(images).argmax(1)  # (40,): all read correctly
    wrong = rng.permutation(40)[: rng.integers(10, 18)]
    labels[wrong] = (labels[wrong] + 1 + rng.integers(9)) % 10
    return model.train(), images, labels


@exercise(
    inputs=_trained,
    hints=[
        "Dropout and batch normalization act differently while the model trains. Tell "
        "it that it is being tested.",
        "The digit that a row of logits stands for is the position of the largest "
        "one, `argmax(1)`. Compare with the labels, and take the mean of the hits.",
        "`model.eval()`, then `(model(images).argmax(1) == labels)` is a mask; "
        "`.float().mean().item()` of it is the share.",
    ],
)
def accuracy(model, images, labels):
    """Return the share of images that model reads right, in evaluation mode.

    images (N, 1, H, W) and labels (N,) are tensors; model returns logits (N, 10).
    """
    model.eval()
    with torch.no_grad():
        predictions = model(images).argmax(1)  # (N,)
    return (predictions == labels).double().mean().item()


@accuracy.misconception
def in_training_mode(model, images, labels):
    """The model is still in training mode: dropout drops, and batch normalization uses
    this batch's statistics instead of the learned ones. torch.no_grad() does not
    change that; there is a method that does.
    """
    return (model(images).argmax(1) == labels).double().mean().item()


@accuracy.mistakes
def _(model, images, labels):
    """
    always_zero: Your result is 0. Either you compare the labels with something that is
        not a digit: `.max(1)` also returns the largest logit itself, and `argmax()`
        without a dimension a position in the whole table. The digit is the position in
        its row. Or `//` rounded the share down.
    hits_counted: That is the number of images read right. The share does not depend on
        how many images there are.
    in_percent: That is in percent. A share is a number from 0 to 1: leave the factor
        100 out.
    error_rate: That is the share of images read wrong, the error rate. Count the hits:
        where prediction and label are equal.
    """
    share = accuracy.solution(model, images, labels)
    return {
        "always_zero": 0.0,
        "hits_counted": share * len(labels),
        "in_percent": share * 100,
        "error_rate": 1 - share,
    }


# -- 6 ---------------------------------------------------------------------------------


def _labels_and_predictions(rng):
    """Return labels and predictions (100,), a quarter wrong; no 9 is among them."""
    labels = rng.integers(0, 9, 100)
    predictions = np.where(rng.random(100) < 0.75, labels, rng.integers(0, 9, 100))
    return torch.from_numpy(labels), torch.from_numpy(predictions)


@exercise(
    inputs=_labels_and_predictions,
    hints=[
        "Start with a table (10, 10) of zeros. Each image adds 1 in one place: which?",
        "The row is the label, the column the prediction. A loop over "
        "`zip(labels, predictions)` does it.",
        "`matrix[label, prediction] += 1` in the loop; or `torch.bincount(10 * "
        "labels + predictions, minlength=100).reshape(10, 10)` without one.",
    ],
)
def confusion_matrix(labels, predictions):
    """Return a table (10, 10): how often digit `row` was read as digit `column`.

    The tensors labels (N,) and predictions (N,) hold digits; some may not occur.
    """
    matrix = torch.zeros(10, 10)
    for label, prediction in zip(labels, predictions, strict=True):
        matrix[label, prediction] += 1
    return matrix


@confusion_matrix.mistakes
def _(labels, predictions):
    """
    rows_are_predictions: Your table is transposed: its rows are the predictions. Here a
        row is what was written, a column what was read.
    shares_of_the_row: These are shares of each row, NaN for a digit that does not
        occur. The question asks for counts, which also say how many images a share
        would be based on.
    errors_only: Your diagonal is empty: the digits that were read right are missing.
        "Digit 3, read as 3" is an entry like any other.
    every_pair_once: Every pair counts once, however often it occurs: with arrays of
        indices, `matrix[labels, predictions] += 1` adds 1 to each place a single time.
    absent_digit_missing: The digit that does not occur here has no row and no column.
        Tables of two test parts must fit together: keep all ten digits.
    shares_of_all: These are shares of all images. The question asks for counts: do not
        divide by their number.
    hits_only: Your table has a diagonal and nothing else: the digits that were read
        wrong are missing, and they are what it is for.
    """
    matrix = confusion_matrix.solution(labels, predictions)
    hits = matrix.diag().diag()
    return {
        "rows_are_predictions": matrix.T,
        "shares_of_the_row": matrix / matrix.sum(1, keepdim=True),
        "errors_only": matrix - hits,
        "every_pair_once": matrix.clamp(max=1),
        "absent_digit_missing": matrix[:9, :9],
        "shares_of_all": matrix / len(labels),
        "hits_only": hits,
    }


# -- 7: the best network, where 30 % of the labels were drawn at random ----------------


@exercise(
    tolerance=0.007,  # 0.725 to 0.735
    hints=[
        "The best network reads every digit correctly. With how many of the test "
        "labels does it agree then?",
        "With the 70 % that were left alone, and with a few of the others: a digit "
        "drawn at random from all ten may be the right one.",
        "One drawn label in ten is right by luck: 70 % + 10 % of 30 %.",
    ],
)
def best_test_accuracy():
    """Return the accuracy (0 to 1) the best network can expect on these labels."""
    return 0.7 + 0.3 * 0.1  # labels left alone, and drawn ones that are right by luck


@best_test_accuracy.mistakes
def _():
    """
    no_luck: 70 % of the labels were left alone, yes. But the others were drawn from all
        ten digits, so that by luck some of them are right. How many?
    memorized: That would be memorizing. It works for training labels, which the network
        is shown; it never sees the test labels, and the random ones cannot be worked
        out.
    chance: One in ten would be chance if every label were drawn at random. But 70 % of
        them were left alone, and the image tells which digit they name.
    percentage: That is right, but in percent. Give it as a number from 0 to 1.
    luck_subtracted: A tenth of the drawn labels, 3 % of all, is what is right by luck,
        not what is wrong: it comes on top of those left alone.
    luck_for_all: You added a tenth of all labels. Only the 30 % that were drawn can be
        right by luck.
    """
    return {
        "no_luck": 0.7,
        "memorized": 1.0,
        "chance": 0.1,
        "percentage": 73,
        "luck_subtracted": 0.97,
        "luck_for_all": 0.8,
    }


# -- 8 ---------------------------------------------------------------------------------


def _two_parts(rng):
    """Return images (12, 1, 28, 28) and brighter ones (8, 1, 28, 28), borders black."""
    parts = rng.gamma(0.5, 0.2, (12, 1, 28, 28)), rng.gamma(0.7, 0.3, (8, 1, 28, 28))
    border = np.pad(np.ones((26, 26)), 1)  # (28, 28)
    return tuple(torch.from_numpy(part.clip(0, 1) * border) for part in parts)


@exercise(
    inputs=_two_parts,
    tolerance=1e-3,  # N or N - 1 in the standard deviation: either will do
    hints=[
        "Two numbers are needed, a mean and a standard deviation. From which images "
        "may they come?",
        "Pixels all have one unit, so a single mean will do for all of them: "
        "`X_train.mean()`, over every dimension.",
        "`(X_train - mean) / std` and `(X_test - mean) / std`, with "
        "`mean, std = X_train.mean(), X_train.std()` in both.",
    ],
)
def normalize(X_train, X_test):
    """Return both parts, scaled to mean 0 and standard deviation 1 of X_train.

    The tensors X_train (N, 1, 28, 28) and X_test (M, 1, 28, 28) hold gray values from
    0 to 1. One mean and one standard deviation serve all the pixels.
    """
    mean, std = X_train.mean(), X_train.std()
    return (X_train - mean) / std, (X_test - mean) / std


@normalize.mistakes
def _(X_train, X_test):
    """
    each_part_by_itself: You normalized the test images by their own mean and standard
        deviation: the same digit would get different numbers in the two parts. Learn
        both from X_train.
    from_both_parts: Your mean and standard deviation come from both parts: the test
        images have leaked into training. Learn them from X_train alone.
    each_pixel: You normalized every pixel by itself, like the columns of a table.
        Border pixels are black in every image, so 0/0 gives NaN. Take one mean over all
        pixels.
    each_pixel_but_the_border: You normalized every pixel by itself, and kept 0/0 away
        from the black border. A pixel that is hardly ever lit then counts as much as
        any: take one mean for all.
    each_image: You normalized every image by itself. That is a choice one can make, but
        here thin and bold writing should stay different: one mean over all training
        images.
    training_part_overwritten: Your test images are as they were: X_train was
        overwritten first, so that its mean was 0 and its standard deviation 1 by then.
        Work out both numbers beforehand.
    divided_by_variance: You divided by the variance. Its root is the standard
        deviation, which has the unit of the pixels.
    parentheses_missing: Without parentheses, `X - mean / std` divides the mean alone.
        Subtract first, then divide: `(X - mean) / std`.
    numbers_of_mnist: 0.1307 and 0.3081 are mean and standard deviation of MNIST's
        60,000 training images. These are different images: compute the two numbers from
        X_train.
    half_and_half: 0.5 and 0.5 bring any image to between -1 and 1, whatever its pixels
        are. The question asks for mean 0 and standard deviation 1: compute both from
        X_train.
    """
    parts, both = (X_train, X_test), torch.cat([X_train, X_test])
    mean, std = X_train.mean(), X_train.std()
    pixel = X_train.mean(0), X_train.std(0)  # (1, 28, 28)

    def scaled(mean, std):
        return tuple((X - mean) / std for X in parts)

    def of_image(statistic, X):
        return statistic(X, (1, 2, 3), keepdim=True)

    return {
        "each_part_by_itself": tuple((X - X.mean()) / X.std() for X in parts),
        "from_both_parts": scaled(both.mean(), both.std()),
        "each_pixel": scaled(*pixel),
        "each_pixel_but_the_border": scaled(pixel[0], pixel[1] + 1e-8),
        "each_image": tuple(
            (X - of_image(torch.mean, X)) / of_image(torch.std, X) for X in parts
        ),
        "training_part_overwritten": (scaled(mean, std)[0], X_test),
        "divided_by_variance": scaled(mean, std**2),
        "parentheses_missing": scaled(mean / std, 1),
        "numbers_of_mnist": scaled(0.1307, 0.3081),
        "half_and_half": scaled(0.5, 0.5),
    }


# -- 9 ---------------------------------------------------------------------------------


def _candidates(rng):
    """Return training, validation and test accuracy (m,), with different winners."""
    train, validation, test = np.sort(rng.uniform(0.9, 0.99, (3, rng.integers(4, 8))))
    # The best one comes first, second and third; the others are shuffled.
    parts = [
        np.insert(rng.permutation(part[:-1]), place, part[-1])
        for place, part in enumerate((train + 0.01, validation, test))
    ]
    order = rng.permutation(len(test))
    return tuple(part[order] for part in parts)


@exercise(
    inputs=_candidates,
    hints=[
        "Three parts, three jobs: one to train, one to choose, one to report. Which "
        "does what?",
        "Whatever you choose by looks better than it is, because luck had a hand in "
        "it. So the number to report comes from the part that chose nothing.",
        "`best = validation_accuracy.argmax()`, then `(best, test_accuracy[best])`.",
    ],
)
def honest_choice(train_accuracy, validation_accuracy, test_accuracy):
    """Return (number of the setting to take, accuracy to report for it).

    Each of the m settings has an accuracy in three NumPy arrays (m,); count from 0.
    """
    best = validation_accuracy.argmax()
    return best, test_accuracy[best]


@honest_choice.mistakes
def _(train, validation, test):
    """
    chosen_by_test: You chose by the test accuracy, and so reported the luckiest of m
        numbers. The test part must decide nothing: there is another part to choose by.
    chosen_by_training: You chose by the training accuracy, and that rewards memorizing:
        on random labels it reaches 100 %. Choose by images the network was not trained
        on.
    training_alone: You chose by the training accuracy and reported it. A network that
        memorizes would win, at 100 %, and be useless. There are parts to choose and to
        report by.
    training_reported: The right setting. But its training accuracy is that on images it
        was fitted to: report what it reaches on images that neither trained nor chose
        it.
    validation_reported: The right setting. But its validation accuracy is the best of
        m, and some of that is luck: report what a part that chose nothing says.
    best_test_reported: The right setting, with the test accuracy of another one. Report
        that of the setting you take, even if it is not the highest.
    counted_from_one: The right setting, but its number is one too high: count from 0,
        as `argmax()` does.
    mean_reported: The right setting, with the mean test accuracy of all m. Report that
        of the setting you take.
    """
    by_training, best = train.argmax(), validation.argmax()
    return {
        "chosen_by_test": (test.argmax(), test.max()),
        "chosen_by_training": (by_training, test[by_training]),
        "training_alone": (by_training, train.max()),
        "training_reported": (best, train[best]),
        "validation_reported": (best, validation.max()),
        "best_test_reported": (best, test.max()),
        "counted_from_one": (best + 1, test[best]),
        "mean_reported": (best, test.mean()),
    }
