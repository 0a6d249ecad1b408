"""Lines on paper, and what MNIST's form makes of a drawing."""

from itertools import pairwise

import numpy as np
import pytest
import torch

from bigmodel_lab import datasets
from bigmodel_lab.widgets.ink import add_line, preprocess

SEVEN = np.array([(40, 40), (220, 40), (110, 250)])


def drawing(points, width, size=280):
    ink = np.zeros((size, size), np.float32)
    for start, end in pairwise(points):
        add_line(ink, start, end, width)
    return ink


@pytest.fixture(scope="module")
def digits():
    """Return the 5,000 images of MNIST that come with the workbook."""
    X_train, _, X_test, _ = datasets.mnist()
    return torch.cat([X_train, X_test])


# -- add_line --------------------------------------------------------------------------


def test_a_horizontal_line_has_its_width_and_its_round_ends():
    ink = drawing([(20, 30), (70, 30)], width=10, size=100)
    assert ink.sum() == pytest.approx(50 * 10 + np.pi * 5**2, rel=0.002)
    assert (ink[25:35, 20:70] == 1).all()  # full within
    assert (ink[:24] == 0).all()
    assert (ink[36:] == 0).all()
    assert np.flatnonzero(ink[30])[[0, -1]].tolist() == [15, 74]


def test_a_line_is_the_same_from_either_end_and_turned_by_90_degrees():
    ink = drawing([(20, 30), (70, 45)], width=7, size=100)
    assert np.allclose(ink, drawing([(70, 45), (20, 30)], 7, 100), atol=1e-6)
    assert np.allclose(ink.T, drawing([(30, 20), (45, 70)], 7, 100), atol=1e-6)


def test_its_rim_is_antialiased():
    middles = [drawing([(20, y), (70, y)], 10, 100)[35, 45] for y in (30, 30.25, 30.5)]
    assert middles == pytest.approx([0, 0.25, 0.5])


def test_a_point_is_a_disk_and_more_ink_is_not_darker():
    ink = drawing([(50, 50), (50, 50)], width=20, size=100)
    assert ink.sum() == pytest.approx(np.pi * 10**2, rel=0.005)
    before = ink.copy()
    add_line(ink, (50, 50), (50, 50), 20)
    assert np.array_equal(ink, before)
    assert ink.max() == 1


def test_a_line_may_leave_the_paper():
    inside = drawing([(50, 50), (100, 50)], width=10, size=100)
    assert np.array_equal(drawing([(50, 50), (1e6, 50)], 10, 100), inside)
    assert not drawing([(-50, 20), (-20, 500)], 10, 100).any()


# -- preprocess ------------------------------------------------------------------------


def test_digits_of_mnist_have_the_form_already(digits):
    others = [
        k for k, x in enumerate(digits) if not torch.equal(preprocess(x[None])[0], x)
    ]
    assert len(others) <= 1  # a digit of MNIST that fills 19 pixels, not 20
    again = preprocess(preprocess(digits[others[0]][None]))
    assert torch.equal(again, preprocess(digits[others[0]][None]))


def test_enlarged_ten_times_and_moved_they_come_back(digits):
    for digit in digits[:50, 0]:
        large = np.kron(digit.numpy(), np.ones((10, 10)))  # (280, 280)
        moved = np.pad(large, ((3, 40), (57, 0)))  # (323, 337)
        for image in (preprocess(large), preprocess(moved)):
            assert torch.allclose(image[0, 0], digit, atol=1e-5)


@pytest.mark.parametrize("shift", [(0, 0), (-13, 7), (20.5, 10.25)])
@pytest.mark.parametrize("size", [1, 0.7, 0.5])
def test_where_and_how_large_one_draws_is_the_same(size, shift):
    points = size * SEVEN + shift
    image = preprocess(drawing(points, width=20 * size))
    difference = (image - preprocess(drawing(SEVEN, width=20))).abs()
    assert difference.mean() < 0.01
    assert difference.max() < 0.25


def test_the_form_is_a_box_of_20_pixels_around_the_center_of_mass():
    rng = np.random.default_rng(0)
    for _ in range(30):
        ink = drawing(rng.uniform(30, 250, (4, 2)), width=20)
        image = preprocess(ink)
        assert image.shape == (1, 1, 28, 28)
        assert image.dtype == torch.float32
        assert 0 <= image.min() < image.max() <= 1
        inked = image[0, 0].nonzero()
        assert max(inked.amax(0) - inked.amin(0) + 1) == 20
        ratio = np.ptp(np.argwhere(ink), axis=0) + 1
        box = inked.amax(0) - inked.amin(0) + 1
        assert box.numpy() == pytest.approx(20 * ratio / ratio.max(), abs=1)
        center = [(image.sum(k) * torch.arange(28)).sum() / image.sum() for k in (2, 3)]
        assert center == pytest.approx([14, 14], abs=0.5001)


def test_no_ink_is_lost_where_the_center_would_push_it_out():
    ink = np.zeros((280, 280))
    ink[100, 10:270] = 1  # a long thin tail ...
    ink[60:140, 10:60] = 1  # ... of a thick head
    columns = preprocess(ink)[0, 0].any(0).nonzero()
    assert [columns.min(), columns.max()] == [8, 27]


@pytest.mark.parametrize("end", [240, 230, 200, 170])
def test_a_symmetric_line_between_two_places_takes_the_even_one(end):
    """The last digits of its center, in float32, are not those of the true 9.5."""
    for points in ([(140, 40), (140, end)], [(140, end), (140, 40)]):
        image = preprocess(drawing(points, width=20))[0, 0]
        rows = image.any(1).nonzero()
        assert [rows.min(), rows.max()] == [4, 23]
        turned = preprocess(drawing(np.array(points)[:, ::-1], width=20))[0, 0]
        assert torch.allclose(turned, image.T, atol=1e-5)


def test_a_single_pixel_becomes_a_full_box():
    image = preprocess(np.eye(1, 9))
    assert image.sum() == 400
    assert (image[0, 0, 4:24, 4:24] == 1).all()


def test_a_drawing_may_have_the_form_of_a_batch_and_stays_as_it_is(digits):
    batch = digits[:1].double()
    before = batch.clone()
    assert torch.equal(preprocess(batch), preprocess(batch[0, 0].numpy()))
    assert torch.equal(batch, before)


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (np.zeros((28, 28)), "draw something first"),
        (torch.zeros(1, 1, 28, 28), "draw something first"),
        (np.full((28, 28), 255), "divide by 255"),
        (np.full((28, 28), np.nan), "NaN"),
        (torch.ones(2, 1, 28, 28), r"images\[k : k \+ 1, :1\]"),
        (torch.ones(1, 3, 28, 28), r"images\[k : k \+ 1, :1\]"),
        (torch.ones(1, 28, 28), r"images\[:, None\]"),
        (np.ones(784), r"must be \(N, C, H, W\)"),
    ],
)
def test_a_bad_drawing_gets_the_reason(bad, reason):
    with pytest.raises(ValueError, match=reason):
        preprocess(bad)
