"""Scenes of digits: where the ink is, which digits it is from, and always the same."""

import pytest
import torch

from bigmodel_lab import datasets
from bigmodel_lab.datasets import scenes as module


@pytest.fixture(scope="module")
def scenes(fetched):
    return fetched(datasets.digit_scenes, 60)


def test_a_scene_has_a_picture_and_one_to_four_boxes_with_a_class_each(scenes):
    assert scenes.pictures.shape == (60, 1, 96, 96)
    assert scenes.pictures.dtype == torch.float32
    assert scenes.pictures.min() == 0
    assert 0.9 < scenes.pictures.max() <= 1
    counts = [len(boxes) for boxes in scenes.boxes]
    assert set(counts) == {1, 2, 3, 4}
    assert [boxes.shape[1:] for boxes in scenes.boxes] == [(4,)] * 60
    assert [classes.shape for classes in scenes.classes] == [(n,) for n in counts]
    assert set(torch.cat(scenes.classes).tolist()) == set(range(10))


def test_boxes_lie_on_the_canvas_and_all_ink_lies_in_boxes(scenes):
    for picture, boxes in zip(scenes.pictures, scenes.boxes, strict=True):
        assert boxes.min() >= 0
        assert boxes.max() <= 96
        assert (boxes[:, 2:] > boxes[:, :2]).all()
        rest = picture[0].clone()
        for left, top, right, bottom in boxes.int().tolist():
            inside = picture[0, top:bottom, left:right]
            # The box is as tight as can be: ink on every side.
            for edge in (inside[0], inside[-1], inside[:, 0], inside[:, -1]):
                assert edge.max() > module.INK
            rest[top:bottom, left:right] = 0
        assert rest.max() <= module.INK


def test_no_digit_lies_on_another_one(scenes):
    for boxes in scenes.boxes:
        for k, box in enumerate(boxes):
            shared = [module._shared(box, other) for other in boxes[:k]]
            assert all(share <= module.SHARED for share in shared)


@pytest.mark.parametrize(
    ("box", "share"),
    [
        ([0, 0, 10, 10], 1),
        ([5, 0, 15, 10], 0.5),
        ([8, 8, 12, 10], 0.5),
        ([20, 20, 30, 30], 0),
    ],
)
def test_what_is_shared_is_a_share_of_the_smaller_box(box, share):
    square = torch.tensor([0.0, 0, 10, 10])
    assert module._shared(square, torch.tensor(box).float()) == share


def test_more_scenes_begin_with_the_same_and_another_seed_makes_others(fetched):
    few, more = (fetched(datasets.digit_scenes, count) for count in (3, 5))
    assert torch.equal(few.pictures, more.pictures[:3])
    assert all(map(torch.equal, few.boxes, more.boxes))
    other = fetched(datasets.digit_scenes, 3, seed=1)
    assert not torch.equal(few.pictures, other.pictures)


def test_the_parts_are_made_of_different_digits():
    rows = [set(range(*ends)) for ends in module.PARTS.values()]
    assert len(set.union(*rows)) == sum(map(len, rows)) == 5000


def test_each_part_draws_from_its_own_digits(monkeypatch, fetched):
    X_train, y_train, X_test, y_test = fetched(datasets.mnist)
    seen = {}

    def scene(rng, digits, labels):
        seen.update(digits=digits, labels=labels)
        return torch.zeros(1, 96, 96), torch.zeros(1, 4), torch.zeros(1)

    monkeypatch.setattr(module, "_scene", scene)
    for part, digits, labels in (
        ("train", X_train[:3200], y_train[:3200]),
        ("validation", X_train[3200:], y_train[3200:]),
        ("test", X_test, y_test),
    ):
        datasets.digit_scenes(1, part)
        assert torch.equal(seen["digits"], digits)
        assert torch.equal(seen["labels"], labels)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"count": 0}, "count must be .* got 0"),
        ({"count": 2.5}, "count must be .* got 2.5"),
        ({"part": "exam"}, "train, validation, test, got 'exam'"),
    ],
)
def test_no_scenes_and_an_unknown_part_are_refused(arguments, says):
    with pytest.raises(ValueError, match=says):
        datasets.digit_scenes(**arguments)
