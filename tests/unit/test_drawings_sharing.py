"""What the drawings of chapter 12 claim: one match, masks that cancel, arrows cut."""

from collections import Counter

import numpy as np
import pytest
from matplotlib.patches import Circle, FancyArrowPatch


def test_one_row_matches_one_person_and_no_other(words):
    placed = words("linkage")
    rows = [
        [word for (x, y), word in sorted(placed.items()) if y == height and x != 49]
        for height in (12, 18, 24)
    ]
    table = [tuple(row[:3]) for row in rows]
    register = {row[4]: tuple(row[5:]) for row in rows}
    assert {who: table.count(values) for who, values in register.items()} == {
        "Ana": 1, "Ben": 0, "Cleo": 0
    }  # fmt: skip


def test_in_the_sum_of_what_is_sent_each_mask_is_added_and_subtracted_once(words):
    terms = Counter(words("masks").values())
    for mask in "abc":
        assert terms[f"+ {mask}"] == terms[f"− {mask}"] == 1
    for number in ("x₁", "x₂", "x₃"):
        assert terms[number] == 1


def test_no_gradient_in_the_circle_is_longer_than_its_radius(drawn):
    figure, _ = drawn("clipped_and_noisy")
    axes = figure.axes[0]
    clip, noise = (patch for patch in axes.patches if isinstance(patch, Circle))
    center = tuple(clip.center)
    arrows = [
        np.array(patch._posA_posB)
        for patch in axes.patches
        if isinstance(patch, FancyArrowPatch)
    ]
    pulls = [end - start for start, end in arrows if tuple(start) == center]
    assert len(pulls) == 4
    lengths = [np.linalg.norm(pull) for pull in pulls]
    assert max(lengths) == pytest.approx(clip.radius)
    assert min(lengths) < 0.9 * clip.radius
    total = arrows[-1][1] - arrows[-1][0]
    np.testing.assert_allclose(total, np.sum(pulls, axis=0))
    np.testing.assert_allclose(arrows[-1][1], noise.center)
