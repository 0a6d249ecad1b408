"""Chapter 15's exercises: other right spellings, and mistakes in learners' words."""

import math

import numpy as np
import pytest
import torch
from exercise_parts import assert_told_apart, names_of
from scipy import linalg
from scipy.spatial.distance import dice
from sklearn import metrics
from torch.distributions import Normal, kl_divergence
from torch.nn import functional as F

from bigmodel_lab import exercises

pytestmark = pytest.mark.usefixtures("same_draws")
NAMES = names_of("seeing")


def find(name):
    """Return an exercise of the chapter."""
    return exercises.find(f"seeing.{name}")


# -- right in other words --------------------------------------------------------------


def normalized_by_torch(pictures, mean, std):
    x = torch.tensor(pictures).permute(0, 3, 1, 2).float() / 255
    mean, std = (torch.tensor(color).view(1, 3, 1, 1) for color in (mean, std))
    return (x - mean) / std


def normalized_by_channel(pictures, mean, std):
    colors = [(pictures[..., k] / 255 - mean[k]) / std[k] for k in range(3)]
    return np.stack(colors, 1)


def normalized_in_whole_numbers(pictures, mean, std):
    return (np.moveaxis(pictures - 255 * mean, 3, 1)) / (255 * std.reshape(3, 1, 1))


def leaked_by_loop(modules, check):
    known = set(modules[~check].tolist())
    return sum(module in known for module in modules[check]) / check.sum()


def leaked_by_table(modules, check):
    return (modules[check, None] == modules[~check]).any(1).mean()


def norm_by_module(x, mean, variance, weight, bias):
    norm = torch.nn.BatchNorm2d(len(mean)).double()
    stored = {"running_mean": mean, "running_var": variance}
    norm.load_state_dict({**stored, "weight": weight, "bias": bias}, strict=False)
    with torch.no_grad():
        return norm.eval()(x)


def norm_as_one_line(x, mean, variance, weight, bias):
    slope = weight / (variance + 1e-5).sqrt()
    return torch.einsum("nchw,c->nchw", x, slope) + (bias - slope * mean)[:, None, None]


def pixels_of(box):
    rows, columns = np.indices((120, 120))
    left, top, right, bottom = box
    return (left <= columns) & (columns < right) & (top <= rows) & (rows < bottom)


def iou_by_pixels(box, other):
    a, b = pixels_of(box), pixels_of(other)
    return (a & b).sum() / (a | b).sum()


def iou_by_dice(box, other):
    alike = 1 - dice(pixels_of(box).ravel(), pixels_of(other).ravel())
    return alike / (2 - alike)


def iou_with_an_early_end(box, other):
    (l1, t1, r1, b1), (l2, t2, r2, b2) = box, other
    width, height = min(r1, r2) - max(l1, l2), min(b1, b2) - max(t1, t2)
    if width <= 0 or height <= 0:
        return 0
    both = width * height
    return both / ((r1 - l1) * (b1 - t1) + (r2 - l2) * (b2 - t2) - both)


def nms_by_removing(boxes, scores, overlap):
    left = sorted(range(len(scores)), key=lambda k: scores[k], reverse=True)
    stay = []
    while left:
        best, *left = left
        stay.append(best)
        left = [
            k for k in left if find("iou").solution(boxes[best], boxes[k]) < overlap
        ]
    return stay


def nms_by_a_table(boxes, scores, overlap):
    order = np.argsort(scores)[::-1]
    iou = np.vectorize(lambda i, j: find("iou").solution(boxes[i], boxes[j]))
    alike = iou(order[:, None], order)
    keep = np.ones(len(order), bool)
    for k in range(len(order)):
        if keep[k]:
            keep[k + 1 :] &= alike[k, k + 1 :] <= overlap
    return order[keep]


def ap_by_loop(right, truths):
    found, total = 0, 0
    for place, hit in enumerate(right, 1):
        if hit:
            found += 1
            total += found / place
    return total / truths


def ap_by_sklearn(right, truths):
    scores = -np.arange(len(right))
    return metrics.average_precision_score(right, scores) * right.sum() / truths


def ap_by_areas(right, truths):
    recall = np.append(0, right.cumsum() / truths)
    precision = right.cumsum() / np.arange(1, len(right) + 1)
    return (np.diff(recall) * precision).sum()


def occlusion_with_a_mask(score_of, picture, size):
    mean, rows = picture.mean(), []
    for top in range(0, picture.shape[0], size):
        row = []
        for left in range(0, picture.shape[1], size):
            mask = np.zeros(picture.shape, bool)
            mask[top : top + size, left : left + size] = True
            row.append(score_of(picture) - score_of(np.where(mask, mean, picture)))
        rows.append(row)
    return rows


def occlusion_put_back(score_of, picture, size):
    mean, base = picture.mean(), score_of(picture)
    result = np.zeros([n // size for n in picture.shape])
    for i in range(len(result)):
        for j in range(len(result[0])):
            part = picture[i * size : (i + 1) * size, j * size : (j + 1) * size]
            before = part.copy()
            part[:] = mean
            result[i, j] = base - score_of(picture)
            part[:] = before
    return result


def kl_by_torch(mean, log_variance):
    codes = Normal(mean, (log_variance / 2).exp())
    return kl_divergence(codes, Normal(torch.tensor(0.0), torch.tensor(1.0))).sum(1)


def kl_of_the_paper(mean, log_variance):
    return -0.5 * (1 + log_variance - mean.pow(2) - log_variance.exp()).sum(dim=-1)


def flow_by_lerp(data, noise, t):
    return torch.lerp(noise, data, t.unsqueeze(1)), data - noise


def flow_by_the_columns(data, noise, t):
    return (noise.T + t * (data - noise).T).T, data - noise


def flow_by_rows(data, noise, t):
    points = [(1 - s) * e + s * x for x, e, s in zip(data, noise, t, strict=True)]
    return torch.stack(points), torch.stack([*(data - noise)])


def frechet_by_matrices(mean, std, other_mean, other_std):
    A, B = np.diag(std**2), np.diag(other_std**2)
    root = linalg.sqrtm(A @ B).real
    return ((mean - other_mean) ** 2).sum() + np.trace(A + B - 2 * root)


RIGHT = [
    ("normalized", normalized_by_torch),
    ("normalized", normalized_by_channel),
    ("normalized", normalized_in_whole_numbers),
    ("leaked_share", leaked_by_loop),
    ("leaked_share", leaked_by_table),
    ("leaked_share", lambda m, c: 1 - (~np.isin(m[c], m[~c])).sum() / c.sum()),
    (
        "stored_norm",
        lambda x, mean, variance, weight, bias: F.batch_norm(
            x, mean, variance, weight, bias
        ),
    ),
    ("stored_norm", norm_by_module),
    ("stored_norm", norm_as_one_line),
    ("iou", iou_by_pixels),
    ("iou", iou_by_dice),
    ("iou", iou_with_an_early_end),
    ("kept", nms_by_removing),
    ("kept", nms_by_a_table),
    ("average_precision", ap_by_loop),
    ("average_precision", ap_by_sklearn),
    ("average_precision", ap_by_areas),
    ("occlusion", occlusion_with_a_mask),
    ("occlusion", occlusion_put_back),
    ("kl_to_normal", kl_by_torch),
    ("kl_to_normal", kl_of_the_paper),
    ("flow_pair", flow_by_lerp),
    ("flow_pair", flow_by_the_columns),
    ("flow_pair", flow_by_rows),
    ("guided", lambda c, u, g: (1 + g) * c - g * u),
    ("guided", lambda c, u, g: u + (1 + g) * (c - u)),
    ("guided", lambda c, u, g: torch.lerp(u, c, 1 + g)),
    ("frechet_of_independent", frechet_by_matrices),
    (
        "frechet_of_independent",
        lambda m, s, n, r: np.linalg.norm(np.append(m, s) - np.append(n, r)) ** 2,
    ),
    (
        "frechet_of_independent",
        lambda m, s, n, r: (m - n) @ (m - n) + (s - r) @ (s - r),
    ),
]


@pytest.mark.parametrize(("name", "answer"), RIGHT)
def test_another_spelling_is_right(name, answer):
    one = find(name)
    for _ in range(5):
        feedback = one.judge(answer)
        assert feedback.outcome == "correct", feedback.message


# -- wrong in a learner's words --------------------------------------------------------


def normalized_by_reshaping(pictures, mean, std):
    N, H, W, _ = pictures.shape
    return ((pictures / 255 - mean) / std).reshape(N, 3, H, W)


def normalized_lying(pictures, mean, std):
    return np.swapaxes((pictures / 255 - mean) / std, 1, 3)


def norm_in_training(x, mean, variance, weight, bias):
    return F.batch_norm(x, mean, variance, weight, bias, training=True)


def norm_that_fits_by_chance(x, mean, variance, weight, bias):
    return weight * (x - mean) / torch.sqrt(variance + 1e-5) + bias


def iou_without_cutting(box, other):
    (l1, t1, r1, b1), (l2, t2, r2, b2) = box, other
    both = (min(r1, r2) - max(l1, l2)) * (min(b1, b2) - max(t1, t2))
    return both / ((r1 - l1) * (b1 - t1) + (r2 - l2) * (b2 - t2) - both)


def iou_cut_at_the_end(box, other):
    return iou_without_cutting(box, other) * (iou_without_cutting(box, other) > 0)


def iou_of_sizes(box, other):
    (x1, y1, w1, h1), (x2, y2, w2, h2) = box, other
    width = max(0, min(x1 + w1, x2 + w2) - max(x1, x2))
    height = max(0, min(y1 + h1, y2 + h2) - max(y1, y2))
    return width * height / (w1 * h1 + w2 * h2 - width * height)


def iou_of_pixels_with_their_end(box, other):
    grown = [
        [left, top, right + 1, bottom + 1] for left, top, right, bottom in (box, other)
    ]
    return iou_with_an_early_end(*grown)


def nms_with_the_removed(boxes, scores, overlap):
    stay = []
    for k in np.argsort(-scores):
        surer = np.flatnonzero(scores > scores[k])
        if all(find("iou").solution(boxes[k], boxes[j]) <= overlap for j in surer):
            stay.append(k)
    return stay


def nms_in_order(boxes, scores, overlap):
    return nms_by_removing(boxes, -np.arange(len(scores)), overlap)


def nms_from_the_worst(boxes, scores, overlap):
    return nms_by_removing(boxes, -scores, overlap)


def nms_of_neighbors(boxes, scores, overlap):
    stay = []
    for k in np.argsort(-scores):
        if not stay or find("iou").solution(boxes[k], boxes[stay[-1]]) <= overlap:
            stay.append(k)
    return stay


def occlusion_without_copies(score_of, picture, size):
    base, covered = score_of(picture), picture
    result = np.zeros([n // size for n in picture.shape])
    for i, j in np.ndindex(*result.shape):
        covered[i * size : (i + 1) * size, j * size : (j + 1) * size] = picture.mean()
        result[i, j] = base - score_of(covered)
    return result


def occlusion_in_steps_of_one(score_of, picture, size):
    result = np.zeros([n // size for n in picture.shape])
    for i, j in np.ndindex(*result.shape):
        covered = picture.copy()
        covered[i : i + size, j : j + size] = picture.mean()
        result[i, j] = score_of(picture) - score_of(covered)
    return result


def occlusion_of_black(score_of, picture, size):
    result = np.zeros([n // size for n in picture.shape])
    for i, j in np.ndindex(*result.shape):
        covered = picture.copy()
        covered[i * size : (i + 1) * size, j * size : (j + 1) * size] = 0
        result[i, j] = score_of(picture) - score_of(covered)
    return result


def kl_with_a_std(mean, log_std):
    return kl_by_torch(mean, 2 * log_std)


def kl_from_normal(mean, log_variance):
    codes = Normal(mean, (log_variance / 2).exp())
    return kl_divergence(Normal(torch.tensor(0.0), torch.tensor(1.0)), codes).sum(1)


def frechet_with_variances(mean, std, other_mean, other_std):
    variances = std**2, other_std**2
    return find("frechet_of_independent").solution(
        mean, variances[0], other_mean, variances[1]
    )


WRONG = [
    (
        "normalized",
        lambda p, m, s: normalized_by_torch(p, m, s)[:, [2, 1, 0]],
        "colors_turned",
    ),
    ("normalized", normalized_by_reshaping, "reshaped"),
    ("normalized", normalized_lying, "rows_and_columns"),
    ("normalized", lambda p, m, s: (p / 255 - m) / s, "channels_last"),
    ("normalized", lambda p, m, s: normalized_by_torch(p, m, s**2), "variance"),
    ("normalized", lambda p, m, s: np.moveaxis((p - m) / s, -1, 1), "not_divided"),
    (
        "normalized",
        lambda p, m, s: np.moveaxis(p / 127.5 - 1, -1, 1),
        "from_minus_1_to_1",
    ),
    (
        "leaked_share",
        lambda m, c: len({*m[c]} & {*m[~c]}) / len({*m[c]}),
        "share_of_modules",
    ),
    ("leaked_share", lambda m, c: leaked_by_loop(m, ~c), "of_the_training"),
    ("leaked_share", lambda m, c: 1 - leaked_by_loop(m, c), "new"),
    ("leaked_share", lambda m, c: np.isin(m[c], m[~c]).sum() / len(m), "of_all_photos"),
    ("leaked_share", lambda m, c: c.mean(), "size_of_the_check"),
    ("stored_norm", norm_in_training, "own_statistics"),
    ("stored_norm", norm_that_fits_by_chance, "along_columns"),
    (
        "stored_norm",
        lambda x, m, v, w, b: F.batch_norm(x, m, v),
        "weight_and_bias_forgotten",
    ),
    ("stored_norm", lambda x, m, v, w, b: F.batch_norm(x, m, v, w), "bias_forgotten"),
    (
        "stored_norm",
        lambda x, m, v, w, b: F.batch_norm(x, m, v, w, b, eps=0),
        "eps_forgotten",
    ),
    (
        "stored_norm",
        lambda x, m, v, w, b: F.instance_norm(x, None, None, w, b),
        "each_picture",
    ),
    ("iou", iou_without_cutting, "not_cut_off"),
    ("iou", iou_cut_at_the_end, "product_cut_off"),
    ("iou", iou_of_sizes, "width_and_height"),
    ("iou", iou_of_pixels_with_their_end, "one_more"),
    ("iou", lambda a, b: 1 - iou_by_pixels(a, b), "distance"),
    ("iou", lambda a, b: (pixels_of(a) & pixels_of(b)).sum(), "area_of_both"),
    ("iou", lambda a, b: 1 - dice(pixels_of(a).ravel(), pixels_of(b).ravel()), "dice"),
    ("kept", nms_with_the_removed, "removed_remove"),
    ("kept", nms_in_order, "order_of_the_file"),
    ("kept", nms_from_the_worst, "worst_first"),
    ("kept", nms_of_neighbors, "last_kept_only"),
    ("kept", lambda b, s, o: sorted(nms_by_removing(b, s, o)), "sorted_by_place"),
    ("kept", lambda b, s, o: nms_by_removing(b, s, 0.0001), "any_overlap"),
    ("kept", lambda b, s, o: nms_by_removing(b, s, 1), "all_kept"),
    ("kept", lambda b, s, o: [s.argmax()], "only_the_best"),
    ("average_precision", lambda r, n: ap_by_loop(r, r.sum()), "found_only"),
    ("average_precision", lambda r, n: ap_by_loop(r[::-1], n), "last_first"),
    ("average_precision", lambda r, n: r.mean(), "at_the_end"),
    ("average_precision", lambda r, n: r.sum() / n, "recall"),
    ("average_precision", lambda r, n: ap_by_loop(r, len(r)), "divided_by_detections"),
    (
        "average_precision",
        lambda r, n: (r.cumsum() / np.arange(len(r)))[r].sum() / n,
        "places_from_0",
    ),
    ("occlusion", occlusion_without_copies, "stay_covered_and_change_the_mean"),
    ("occlusion", occlusion_in_steps_of_one, "steps_of_one"),
    ("occlusion", occlusion_of_black, "zeros"),
    ("occlusion", lambda f, p, k: -occlusion_put_back(f, p, k), "sign"),
    ("occlusion", lambda f, p, k: occlusion_put_back(f, p, k) / f(p), "relative"),
    ("occlusion", lambda f, p, k: f(p) - occlusion_put_back(f, p, k), "covered_scores"),
    ("kl_to_normal", kl_with_a_std, "log_of_the_std"),
    ("kl_to_normal", kl_from_normal, "reversed"),
    ("kl_to_normal", lambda m, v: kl_by_torch(m, v).mean(), "mean_of_the_pictures"),
    ("kl_to_normal", lambda m, v: kl_by_torch(m, v) / m.shape[1], "mean_of_the_code"),
    ("kl_to_normal", lambda m, v: (v.exp() + m**2 - 1 - v).sum(1), "half_forgotten"),
    ("flow_pair", lambda x, e, t: ((1 - t) * e + t * x, x - e), "along_columns"),
    ("flow_pair", lambda x, e, t: flow_by_lerp(e, x, t), "both_turned"),
    ("flow_pair", lambda x, e, t: flow_by_lerp(x, e, t)[::-1], "exchanged"),
    ("flow_pair", lambda x, e, t: (flow_by_lerp(e, x, t)[0], x - e), "time_turned"),
    ("flow_pair", lambda x, e, t: (flow_by_lerp(x, e, t)[0], x), "data_as_velocity"),
    ("guided", lambda c, u, g: torch.lerp(u, c, g), "from_the_unconditional"),
    ("guided", lambda c, u, g: (1 - g) * c + g * u, "turned"),
    ("guided", lambda c, u, g: g * c - g * u, "way_alone"),
    ("guided", lambda c, u, g: c + g * c, "scaled"),
    ("frechet_of_independent", frechet_with_variances, "variances"),
    (
        "frechet_of_independent",
        lambda m, s, n, r: frechet_by_matrices(m, s, n, r) ** 0.5,
        "root",
    ),
    (
        "frechet_of_independent",
        lambda m, s, n, r: frechet_by_matrices(m, s**0.5, n, r**0.5),
        "std_for_variance",
    ),
    (
        "frechet_of_independent",
        lambda m, s, n, r: ((m - n) ** 2 + s**2 + r**2).sum(),
        "variances_added",
    ),
]


@pytest.mark.parametrize(("name", "answer", "mistake"), WRONG)
def test_a_mistake_in_a_learners_own_words_is_named(name, answer, mistake):
    one = find(name)
    for _ in range(5):
        with np.errstate(all="ignore"):
            feedback = one.judge(answer)
        assert feedback.outcome == "wrong"
        assert feedback.misconception == mistake


@pytest.mark.parametrize("name", NAMES)
def test_each_mistake_has_its_own_name_in_many_checks(name):
    assert_told_apart(find(name), times=15)


@pytest.mark.parametrize("name", NAMES)
def test_checks_hardly_ever_draw_the_same_twice(name):
    one = find(name)
    drawn = {str(one.inputs(np.random.default_rng(seed))) for seed in range(300)}
    assert len(drawn) > 290


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("constant", [0.0, 1.0, math.nan])
def test_who_always_returns_the_same_number_is_told_of_no_mistake(name, constant):
    feedback = find(name).judge(lambda *arguments: constant)
    assert feedback.outcome == "wrong"
    assert feedback.misconception is None


# -- what the sentences and the questions say is so ------------------------------------


def test_pictures_like_those_of_the_training_become_standard():
    """The docstring says so: about mean 0 and standard deviation 1."""
    rng = np.random.default_rng(0)
    mean, std = np.array([0.4, 0.45, 0.5]), np.array([0.15, 0.1, 0.12])
    pictures = np.clip(255 * rng.normal(mean, std, (20, 30, 31, 3)), 0, 255)
    x = find("normalized").solution(pictures.astype(np.uint8), mean, std)
    np.testing.assert_allclose(x.mean((0, 2, 3)), 0, atol=0.05)
    np.testing.assert_allclose(x.std((0, 2, 3)), 1, atol=0.05)


def test_a_split_by_modules_leaks_nothing_and_one_neighbor_is_enough():
    one = find("leaked_share").solution
    modules = np.array([7, 7, 7, 3, 3])
    assert one(modules, np.array([True, True, True, False, False])) == 0
    assert one(modules, np.array([True, True, False, False, False])) == 1
    assert one(modules, np.array([True, False, True, True, True])) == 0.5


def test_a_frozen_norm_says_the_same_of_a_picture_whatever_is_beside_it():
    one = find("stored_norm")
    x, *stored = one.inputs(np.random.default_rng(0))
    alone, among = one.solution(x[:1], *stored), one.solution(x, *stored)[:1]
    torch.testing.assert_close(alone, among)
    own = [one.mistaken((part, *stored))["own_statistics"] for part in (x[:1], x)]
    assert not torch.allclose(own[0], own[1][:1])


def test_a_check_has_boxes_that_overlap_and_both_kinds_that_lie_apart():
    one = find("iou")
    for _ in range(10):
        kinds = set()
        for (a, b), right in one.cases(one.rng()):
            width = min(a[2], b[2]) - max(a[0], b[0])
            height = min(a[3], b[3]) - max(a[1], b[1])
            assert 0 <= right < 1
            kinds.add((width > 0, height > 0))
        assert {(True, True), (False, False)} < kinds


def test_equal_boxes_have_1_and_those_that_only_touch_0():
    one = find("iou").solution
    assert one([3, 4, 9, 6], [3, 4, 9, 6]) == 1
    assert one([0, 0, 4, 4], [4, 0, 8, 4]) == 0
    assert one([0, 0, 4, 4], [2, 0, 6, 4]) == pytest.approx(1 / 3)


def test_a_removed_box_lets_its_neighbor_live():
    boxes = np.array([[4.0, 0, 14, 10], [0, 0, 10, 10], [8, 0, 18, 10]])
    one = find("kept").solution
    assert one(boxes, np.array([0.8, 0.9, 0.7]), 0.4) == [1, 2]
    assert one(boxes, np.array([0.9, 0.8, 0.7]), 0.4) == [0]
    assert one(boxes, np.array([0.7, 0.8, 0.9]), 0.45) == [2, 1, 0]


def test_no_iou_of_a_check_is_near_the_overlap_that_is_allowed():
    """Else a rounding error would decide."""
    one = find("kept")
    for seed in range(20):
        boxes, scores, overlap = one.inputs(np.random.default_rng(seed))
        assert len(set(scores)) == len(scores)
        alike = [find("iou").solution(a, b) for a in boxes for b in boxes]
        assert abs(np.array(alike) - overlap).min() > 0.03


def test_wrong_boxes_after_the_last_right_one_cost_nothing():
    """The quiz says so: what nobody shows costs little."""
    one = find("average_precision").solution
    right = np.array([True, False, True])
    assert one(right, 2) == pytest.approx((1 + 2 / 3) / 2)
    assert one(np.append(right, [False] * 50), 2) == one(right, 2)
    assert one(right, 4) == one(right, 2) / 2


def test_a_check_has_squares_that_speak_for_the_score_and_against_it():
    one = find("occlusion")
    for _ in range(10):
        signs = np.concatenate(
            [np.sign(right).ravel() for _, right in one.cases(one.rng())]
        )
        assert {-1, 1} <= set(signs)


def test_what_the_score_does_not_look_at_may_be_covered():
    picture = np.arange(24.0).reshape(4, 6)
    fall = find("occlusion").solution(lambda p: float(p[3, 5]), picture, 2)
    assert fall.shape == (2, 3)
    assert fall[1, 2] == 23 - 11.5
    assert np.count_nonzero(fall) == 1


def test_only_a_standard_normal_code_costs_nothing():
    one = find("kl_to_normal").solution
    zeros = torch.zeros(2, 3)
    assert one(zeros, zeros).tolist() == [0, 0]
    for mean, log_variance in ((1, 0), (-1, 0), (0, 1), (0, -1)):
        assert (one(zeros + mean, zeros + log_variance) > 0).all()


def test_a_step_at_the_velocity_leads_from_the_noise_to_the_data():
    one = find("flow_pair")
    data, noise, t = one.inputs(np.random.default_rng(0))
    for time, begin in ((0 * t, noise), (0 * t + 1, data)):
        torch.testing.assert_close(one.solution(data, noise, time)[0], begin)
    points, velocities = one.solution(data, noise, t)
    torch.testing.assert_close(points + (1 - t)[:, None] * velocities, data)


def test_no_guidance_is_the_conditional_velocity():
    conditional, unconditional = torch.tensor([[3.0, 1]]), torch.tensor([[1.0, 2]])
    one = find("guided").solution
    assert one(conditional, unconditional, 0).tolist() == [[3, 1]]
    assert one(conditional, unconditional, 2).tolist() == [[7, -1]]


def test_what_the_sentences_on_the_distance_say_is_so():
    one = find("frechet_of_independent")
    mean, std = np.array([1.0, 2]), np.array([1.0, 3])
    assert one.solution(mean, std, mean, std) == 0
    same = one.mistaken((mean, std, mean, std))
    assert same["variances_added"] > 0
    alike = [
        one.mistaken((mean, std, mean, s * std))["divergence"] for s in (1e-2, 1e-4)
    ]
    assert alike[1] > 1000 * alike[0] > 1e6
    assert one.solution(mean, std, mean, 0 * std) == 10


@pytest.mark.parametrize(
    ("name", "answer", "says"),
    [
        ("normalized", lambda p, m, s: p, "should have shape"),
        ("normalized", lambda p, m, s: 2 * normalized_by_channel(p, m, s), "2 times"),
        ("leaked_share", lambda m, c: 100 * leaked_by_loop(m, c), "per cent, where a"),
        ("leaked_share", lambda m, c: np.isin(m[c], m[~c]), "their mean is right"),
        ("stored_norm", lambda x, *rest: x, "This is x as it came in"),
        ("iou", lambda a, b: 2 * iou_by_pixels(a, b), "is right for"),
        ("kept", lambda b, s, o: b[nms_by_removing(b, s, o)], "should have shape"),
        ("average_precision", lambda r, n: r, "One number is asked for"),
        ("occlusion", lambda f, p, k: f(p), "is asked for, not a single number"),
        (
            "kl_to_normal",
            lambda m, v: kl_by_torch(m, v).sum(),
            "This is the sum of the",
        ),
        ("flow_pair", lambda x, e, t: x - e, "It should return 2 things"),
        ("guided", lambda c, u, g: -find("guided").solution(c, u, g), "sign is wrong"),
        (
            "frechet_of_independent",
            lambda m, s, n, r: (m - n) ** 2 + (s - r) ** 2,
            "their sum is right",
        ),
    ],
)
def test_of_what_nobody_listed_something_true_is_said(name, answer, says):
    feedback = find(name).judge(answer)
    assert feedback.outcome == "wrong"
    assert says in feedback.message
