"""Detection by hand: overlaps, suppression, matches, and average precision."""

import numpy as np
import pytest
import torch
from kornia.geometry.bbox import nms

from bigmodel_lab.from_scratch import detection

SQUARE = [0, 0, 10, 10]


def boxes(rng, count, side=40):
    """Return random boxes (count, 4)."""
    corner = rng.uniform(0, side, (count, 2))
    return np.hstack([corner, corner + rng.uniform(1, side / 2, (count, 2))])


# -- overlaps --------------------------------------------------------------------------


def test_the_overlap_is_what_both_have_over_what_they_cover_together():
    others = [SQUARE, [5, 0, 15, 10], [0, 0, 5, 5], [10, 0, 20, 10], [20, 20, 30, 30]]
    expected = [[1, 50 / 150, 25 / 100, 0, 0]]
    np.testing.assert_allclose(detection.iou([SQUARE], others), expected)


def test_it_is_the_same_both_ways_and_a_matrix():
    rng = np.random.default_rng(0)
    some, others = boxes(rng, 5), boxes(rng, 7)
    overlaps = detection.iou(some, others)
    assert overlaps.shape == (5, 7)
    np.testing.assert_allclose(detection.iou(others, some), overlaps.T)


def test_boxes_without_an_area_overlap_nothing_not_even_themselves():
    assert detection.iou([[3, 3, 3, 3]], [[3, 3, 3, 3], SQUARE]).tolist() == [[0, 0]]


def test_no_boxes_make_a_matrix_without_rows_or_columns():
    assert detection.iou([], [SQUARE]).shape == (0, 1)
    assert detection.iou(torch.zeros(2, 4), torch.zeros(0, 4)).shape == (2, 0)


# -- suppression -----------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("overlap", [0.2, 0.5, 0.8])
def test_kept_are_those_that_kornia_keeps(seed, overlap):
    rng = np.random.default_rng(seed)
    some = boxes(rng, 20).repeat(3, axis=0)  # each of them three times, not exactly
    some = torch.tensor(some + rng.normal(0, 0.2, some.shape) * [1, 1, 0, 0])
    scores = torch.tensor(rng.permutation(60) / 60)
    kept = detection.suppress(some, scores, overlap)
    assert kept.tolist() == nms(some, scores, overlap).tolist()
    assert len(kept) < 60


def test_the_best_comes_first_and_of_equal_ones_the_first_stays():
    some = [SQUARE, [50, 50, 60, 60], [0, 0, 10, 9], SQUARE]
    assert detection.suppress(some, [0.5, 0.9, 0.8, 0.8]).tolist() == [1, 2]
    assert detection.suppress(some, [0.5] * 4).tolist() == [0, 1]


def test_exactly_the_overlap_is_not_too_much():
    half = [0, 0, 10, 5]
    assert detection.suppress([SQUARE, half], [1, 0.5], 0.5).tolist() == [0, 1]
    assert detection.suppress([SQUARE, half], [1, 0.5], 0.49).tolist() == [0]


def test_of_no_boxes_none_are_kept():
    kept = detection.suppress(np.zeros((0, 4)), [])
    assert kept.shape == (0,)
    assert np.zeros((0, 4))[kept].shape == (0, 4)


# -- right or wrong --------------------------------------------------------------------


def test_each_truth_counts_once_and_the_best_score_chooses_first():
    some = [[0, 0, 10, 8], [0, 0, 10, 9], [30, 30, 40, 40]]
    right = detection.matches(some, [0.6, 0.9, 0.8], [SQUARE], 0.5)
    assert right.tolist() == [False, True, False]


def test_a_box_whose_best_truth_is_taken_may_have_the_next_one():
    truths = [SQUARE, [0, 0, 10, 6]]
    right = detection.matches([SQUARE, SQUARE], [0.9, 0.8], truths, 0.5)
    assert right.tolist() == [True, True]


def test_an_overlap_of_exactly_the_least_is_enough():
    assert detection.matches([[0, 0, 10, 5]], [1], [SQUARE], 0.5).tolist() == [True]
    assert detection.matches([[0, 0, 10, 5]], [1], [SQUARE], 0.51).tolist() == [False]


def test_where_nothing_is_every_box_is_wrong():
    assert detection.matches([SQUARE, SQUARE], [1, 0.5], []).tolist() == [False] * 2
    assert detection.matches([], [], [SQUARE]).tolist() == []


# -- average precision -----------------------------------------------------------------


def test_precision_and_recall_follow_the_scores():
    precision, recall = detection.precision_and_recall(
        [False, True, True], [0.7, 0.9, 0.1], 4
    )
    np.testing.assert_allclose(precision, [1, 1 / 2, 2 / 3])
    np.testing.assert_allclose(recall, [1 / 4, 1 / 4, 2 / 4])


def test_average_precision_reads_the_stairs_at_101_recalls():
    # The recalls 0 to 0.25 have precision 1, those up to 0.5 have 2 / 3, the rest 0.
    made = detection.average_precision([False, True, True], [0.7, 0.9, 0.1], 4)
    assert made == pytest.approx((26 * 1 + 25 * 2 / 3) / 101)


@pytest.mark.parametrize(
    ("right", "count", "expected"), [([1, 1], 2, 1), ([0, 0], 2, 0), ([], 2, 0)]
)
def test_all_found_is_1_and_none_found_is_0(right, count, expected):
    scores = np.linspace(1, 0.5, len(right))
    assert detection.average_precision(right, scores, count) == expected


def test_a_perfect_detector_has_1_at_every_overlap():
    truths = [([SQUARE, [20, 20, 30, 30]], [3, 7]), ([SQUARE], [3])]
    found = [(some, np.ones(len(some)), kinds) for some, kinds in truths]
    assert detection.mean_average_precision(found, truths) == {
        "0.5": 1,
        "0.75": 1,
        "0.5:0.95": 1,
    }


def test_a_loose_box_is_right_at_half_and_wrong_at_three_quarters():
    found = [([[0, 0, 10, 6.2]], [1], [3])]
    made = detection.mean_average_precision(found, [([SQUARE], [3])])
    assert (made["0.5"], made["0.75"]) == (1, 0)
    assert made["0.5:0.95"] == pytest.approx(0.3)  # right at 0.5, 0.55 and 0.6


def test_a_scene_without_boxes_makes_its_detections_wrong_and_misses_nothing():
    truth, found = ([SQUARE], [3]), ([SQUARE], [0.5], [3])
    nothing = ([], [])
    one = detection.mean_average_precision([found], [truth])
    quiet = detection.mean_average_precision([found, ([], [], [])], [truth, nothing])
    seeing = detection.mean_average_precision(
        [found, ([SQUARE], [0.9], [3])], [truth, nothing]
    )
    assert one["0.5"] == quiet["0.5"] == 1
    assert seeing["0.5"] == pytest.approx(0.5)


def test_the_right_place_with_the_wrong_class_is_wrong():
    found = [([SQUARE], [1], [4])]
    assert detection.mean_average_precision(found, [([SQUARE], [3])])["0.5"] == 0


# -- what is refused -------------------------------------------------------------------

NAN = float("nan")
MEAN = detection.mean_average_precision


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (
            lambda: detection.iou([[5, 0, 3, 9]], [SQUARE]),
            r"right \(3\) before.* \(5\)",
        ),
        (lambda: detection.iou([SQUARE], [[0, 9, 5, 2]]), r"bottom \(2\) .*top \(9\)"),
        (lambda: detection.iou([SQUARE, [0, NAN, 1, 2]], []), "Box 1 .*diverge"),
        (lambda: detection.iou(SQUARE, [SQUARE]), r"\(N, 4\).*got \(4,\)"),
        (lambda: detection.suppress([SQUARE], [0.1, 0.2]), r"1 boxes.*\(2,\)"),
        (lambda: detection.suppress([SQUARE], [NAN]), "Score 0"),
        (lambda: detection.suppress([SQUARE], [1], 50), "overlap.*got 50"),
        (lambda: detection.matches([SQUARE], [], [SQUARE]), r"scores of shape \(0,\)"),
        (lambda: detection.matches([SQUARE], [1], [SQUARE], -1), "overlap"),
        (lambda: detection.average_precision([True], [1], 0), "at least 1, got 0"),
        (lambda: detection.average_precision([1, 1], [1, 0], 1), "counts once"),
        (lambda: detection.average_precision([True], [1, 2], 1), "1 detections"),
        (lambda: MEAN([], [([SQUARE], [1])]), "0 scenes and truths of 1"),
        (lambda: MEAN([([], [], [])], [([], [])]), "None of the 1 scenes has a box"),
        (
            lambda: MEAN([([SQUARE], [1], [1, 2])], [([SQUARE], [1])]),
            r"1 boxes and classes of shape \(2,\)",
        ),
        (lambda: MEAN([([], [], [])], [([SQUARE], [])]), "one class for each box"),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence(call, says):
    with pytest.raises(ValueError, match=says) as error:
        call()
    assert str(error.value).count(".") - str(error.value).count("0.") <= 2
