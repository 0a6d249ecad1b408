"""The detector: cells and boxes, its loss, what it finds, and its file."""

import copy

import pytest
import torch
from torch import nn

import bigmodel_lab as lab
from bigmodel_lab import datasets, models
from bigmodel_lab.from_scratch import detection


def a_scene():
    """Return boxes and classes of two scenes: two digits, and none."""
    boxes = [torch.tensor([[13.0, 1, 21, 21], [60, 70, 90, 95]]), torch.zeros(0, 4)]
    return boxes, [torch.tensor([7, 2]), torch.zeros(0, dtype=torch.long)]


def right_answers(targets, sure=20.0):
    """Return the answers (N, 8, 8, 15) of somebody who knows the targets."""
    objectness = (targets[..., :1] * 2 - 1) * sure
    classes = nn.functional.one_hot(targets[..., 5].long(), 10) * sure
    empty = torch.tensor([0.0, 0, 1, 1]) * (targets[..., :1] == 0)
    return torch.cat([objectness, targets[..., 1:5] + empty, classes], dim=-1)


class Knows(nn.Module):
    """A detector that answers the same to every picture."""

    def __init__(self, answers):
        super().__init__()
        self.answers = nn.Parameter(answers)

    def forward(self, pictures):
        return self.answers[: len(pictures)]


# -- the network and its targets -------------------------------------------------------


def test_every_cell_answers_with_a_box_that_is_not_inside_out(device):
    model = models.DigitDetector().to(device)
    answers = model(torch.rand(3, 1, 96, 96, device=device))
    assert answers.shape == (3, 8, 8, 15)
    assert (answers[..., 3:5] > answers[..., 1:3]).all()


def test_it_has_about_150_thousand_weights():
    weights = sum(p.numel() for p in models.DigitDetector().parameters())
    assert weights == pytest.approx(150_000, rel=0.05)


def test_a_cell_answers_for_its_own_place():
    model = models.DigitDetector().eval()
    with torch.no_grad():
        for p in model.body[-1].parameters():
            p.zero_()
        boxes = model(torch.zeros(1, 1, 96, 96))[0, ..., 1:5]
    middles = (boxes[..., :2] + boxes[..., 2:]) / 2
    assert middles[0, 0].tolist() == [6, 6]
    assert middles[2, 5].tolist() == [5 * 12 + 6, 2 * 12 + 6]  # row 2, column 5


def test_the_cell_with_the_middle_of_a_digit_gets_its_box_and_class():
    boxes, classes = a_scene()
    targets = models.detection_targets(boxes, classes)
    assert targets.shape == (2, 8, 8, 6)
    assert targets[..., 0].sum() == 2
    assert targets[0, 0, 1].tolist() == [1, 13, 1, 21, 21, 7]  # the middle is (17, 11)
    assert targets[0, 6, 6].tolist() == [1, 60, 70, 90, 95, 2]
    assert targets[1].abs().sum() == 0


# -- the loss --------------------------------------------------------------------------


def test_the_generalized_overlap_is_that_of_the_definition():
    boxes = torch.tensor([[0.0, 0, 10, 10], [0, 0, 10, 10], [0, 0, 10, 10]])
    others = torch.tensor([[0.0, 0, 10, 10], [5, 0, 15, 10], [20, 0, 30, 10]])
    made = models.generalized_iou(boxes, others)
    torch.testing.assert_close(made, torch.tensor([1, 1 / 3, 0 - 10 / 30]))
    torch.testing.assert_close(
        made[:2].double(), torch.tensor(detection.iou(boxes, others)).diagonal()[:2]
    )


def test_boxes_apart_learn_to_come_together():
    boxes = torch.tensor([[0.0, 0, 10, 10]], requires_grad=True)
    models.overlap_loss(boxes, torch.tensor([[20.0, 0, 30, 10]])).backward()
    assert boxes.grad[0, 2] < 0  # a larger right makes the loss smaller


def test_right_answers_have_no_loss_and_each_wrong_part_has_some():
    targets = models.detection_targets(*a_scene())
    right = right_answers(targets)
    assert models.detection_loss(right, targets) < 1e-6
    here = targets[..., 0] > 0
    for part in (0, 1, 5 + 3):
        wrong = right.clone()
        wrong[..., part] += 30 * (torch.ones(()) if part else 1 - targets[..., 0])
        assert models.detection_loss(wrong, targets) > 0.1, part
    elsewhere = right.clone()
    elsewhere[..., 1:][~here] += 30  # where nothing is, boxes and classes are free
    assert models.detection_loss(elsewhere, targets) < 1e-6


def test_scenes_without_digits_have_a_loss_and_a_gradient():
    targets = models.detection_targets([torch.zeros(0, 4)], [torch.zeros(0).long()])
    answers = torch.zeros(1, 8, 8, 15, requires_grad=True)
    models.detection_loss(answers, targets).backward()
    assert answers.grad[..., 0].abs().sum() > 0
    assert answers.grad[..., 1:].abs().sum() == 0


def test_another_loss_of_boxes_can_be_given():
    targets = models.detection_targets(*a_scene())
    shifted = right_answers(targets)
    shifted[..., 1:5] += 3
    loss = models.detection_loss(shifted, targets, nn.functional.l1_loss, 2)
    assert loss.item() == pytest.approx(2 * 3, rel=1e-4)


def test_it_learns_a_few_scenes_by_heart(fetched):
    scenes = fetched(datasets.digit_scenes, 8)
    model = models.DigitDetector()
    training = models.detector_training(model, scenes, epochs=80, batch_size=8).finish()
    assert training.losses[-1] < training.losses[0] / 4
    found = models.detect(model, scenes.pictures, threshold=0.05)
    truths = list(zip(scenes.boxes, scenes.classes, strict=True))
    assert detection.mean_average_precision(found, truths)["0.5"] > 0.9


# -- what it finds ---------------------------------------------------------------------


def test_somebody_who_knows_finds_everything_and_nothing_else():
    boxes, classes = a_scene()
    model = Knows(right_answers(models.detection_targets(boxes, classes)))
    found = models.detect(model, torch.zeros(2, 1, 96, 96))
    assert [len(scene.boxes) for scene in found] == [2, 0]
    order = found[0].classes.argsort(descending=True)
    assert found[0].classes[order].tolist() == [7, 2]
    torch.testing.assert_close(found[0].boxes[order], boxes[0])
    assert found[1].boxes.shape == (0, 4)


def test_of_two_cells_that_see_the_same_the_better_one_stays():
    answers = torch.zeros(1, 8, 8, 15)
    answers[..., 0] = -20
    answers[..., 3:5] = 1
    answers[0, 3, 3:5, 1:5] = torch.tensor([30.0, 30, 50, 50])
    answers[0, 3, 3, 0], answers[0, 3, 4, 0] = 2, 3
    answers[0, 3, 3:5, 9] = 20
    both, one, none = (
        models.detect(Knows(answers), torch.zeros(1, 1, 96, 96), *options)[0]
        for options in ((0.3, None), (0.3, 0.5), (0.99, 0.5))
    )
    expected = torch.tensor([3.0, 2]).sigmoid()
    torch.testing.assert_close(both.scores, expected, rtol=0, atol=1e-6)
    torch.testing.assert_close(one.scores, expected[:1], rtol=0, atol=1e-6)
    assert (one.classes.tolist(), none.classes.tolist()) == ([4], [])


def test_finding_leaves_the_model_as_it_was():
    model = models.DigitDetector().train()
    before = copy.deepcopy(model.state_dict())
    models.detect(model, torch.rand(2, 1, 96, 96))
    assert model.training
    assert all(torch.equal(model.state_dict()[key], before[key]) for key in before)


# -- the file --------------------------------------------------------------------------


def test_a_detector_comes_back_from_its_file(tmp_path):
    model = models.DigitDetector()
    model(torch.rand(8, 1, 96, 96))  # so that the normalization has seen something
    path = tmp_path / "mine.safetensors"
    models.keep(model, path, seed="3")
    again, facts = models.trained("detector", path)
    assert facts == {"seed": "3"}
    assert not again.training
    pictures = torch.rand(2, 1, 96, 96)
    one, other = lab.predict(model, pictures), lab.predict(again, pictures)
    torch.testing.assert_close(one, other, rtol=0.01, atol=0.05)


SCENE = torch.zeros(1, 1, 96, 96)


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda m: m(torch.zeros(1, 96, 96)), r"\(N, 1, 96, 96\), got \(1, 96, 96\)"),
        (lambda m: m(torch.zeros(1, 1, 28, 28)), r"got \(1, 1, 28, 28\)"),
        (lambda m: models.detect(m, SCENE, 1.5), "threshold must be .* got 1.5"),
        (lambda m: models.detect(m, SCENE, 0.5, -1), "overlap must be .* got -1"),
        (lambda m: models.detect(m, SCENE, None), "threshold must be .* got None"),
        (lambda m: models.detect(m, SCENE * float("nan")), "NaN"),
    ],
)
def test_other_pictures_and_shares_are_refused(call, says):
    with pytest.raises(ValueError, match=says):
        call(models.DigitDetector())


@pytest.mark.parametrize(
    ("boxes", "classes", "says"),
    [
        ([[0, 0, 9, 9]], [1, 2], r"\(1, 4\) and 2 classes"),
        ([[9, 0, 0, 9]], [1], "not on the picture"),
        ([[90, 0, 97, 9]], [1], "not on the picture"),
        ([[float("nan"), 0, 9, 9]], [1], "not on the picture"),
        ([[0, 0, 9, 9]], [10], r"classes \[10\].* to 9"),
    ],
)
def test_targets_of_other_scenes_are_refused(boxes, classes, says):
    boxes, classes = torch.tensor(boxes, dtype=torch.float32), torch.tensor(classes)
    with pytest.raises(ValueError, match=says):
        models.detection_targets([boxes], [classes])
    with pytest.raises(ValueError, match="1 scenes and classes of 0"):
        models.detection_targets([boxes], [])


def test_answers_and_boxes_of_other_shapes_are_refused():
    with pytest.raises(ValueError, match="detection_targets"):
        models.detection_loss(torch.zeros(2, 8, 8, 15), torch.zeros(2, 8, 8))
    with pytest.raises(ValueError, match="in pairs"):
        models.generalized_iou(torch.zeros(2, 4), torch.zeros(3, 4))
