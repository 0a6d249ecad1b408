"""Batches of images: which pass, and an augmentation that rests while measuring."""

import re

import kornia.augmentation as K
import pytest
import torch
from torch import nn

from bigmodel_lab import Training, evaluate, learning_rate_range_test
from bigmodel_lab.from_scratch.images import AugmentInTraining, check_images
from bigmodel_lab.from_scratch.losses import cross_entropy

# -- check_images ----------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("shape", [(2, 1, 5, 4), (2, 3, 5, 4), (1, 1, 1, 1)])
def test_good_images_pass_as_they_are(device, dtype, shape):
    images = torch.rand(shape, dtype=dtype, device=device)
    before = images.clone()
    assert check_images(images) is images
    assert torch.equal(images, before)


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_the_ends_of_the_range_pass(value):
    check_images(torch.full((1, 1, 2, 2), value))


GOOD = torch.linspace(0, 1, 8 * 6 * 4).reshape(8, 1, 6, 4)
WITH_NAN = GOOD.clone()
WITH_NAN[3, 0, 2, 1] = torch.nan


@pytest.mark.parametrize(
    ("images", "error", "says"),
    [
        (GOOD.numpy(), TypeError, "not ndarray: convert with torch.as_tensor("),
        (GOOD.tolist(), TypeError, "not list: convert with torch.as_tensor("),
        (GOOD[0, 0], ValueError, "got shape (6, 4): take images[None, None]"),
        (GOOD[:, 0], ValueError, "got shape (8, 6, 4): take images[:, None]"),
        (
            torch.zeros(28, 28, 3),
            ValueError,
            "channels last? Take images.permute(2, 0, 1)[None]",
        ),
        (
            torch.zeros(3, 28, 28),
            ValueError,
            "take images[None] if it is one color image, images[:, None]",
        ),
        (GOOD[None], ValueError, "(N, C, H, W), got shape (1, 8, 1, 6, 4)."),
        (
            GOOD.expand(8, 3, 6, 4).permute(0, 2, 3, 1),
            ValueError,
            "got shape (8, 6, 4, 3): take images.permute(0, 3, 1, 2)",
        ),
        (
            GOOD.permute(0, 2, 3, 1),
            ValueError,
            "got shape (8, 6, 4, 1): take images.permute(0, 3, 1, 2)",
        ),
        (GOOD.expand(8, 2, 6, 4), ValueError, "dimension 1, got shape (8, 2, 6, 4)."),
        (
            (255 * GOOD).byte(),
            ValueError,
            "must be floats, got torch.uint8: take images.float() / 255",
        ),
        (255 * GOOD, ValueError, "got 0 to 255: divide by 255"),
        (WITH_NAN, ValueError, "got nan to nan: find the step that made NaN"),
        (2 * GOOD - 1, ValueError, "got -1 to 1: if they are scaled to [-1, 1], take"),
        (4 * GOOD - 1, ValueError, "got -1 to 3: undo their scaling, or cut off what"),
        (
            GOOD * 1.0000002,
            ValueError,
            "got 0 to 1.0000002: undo their scaling, or cut",
        ),
        (GOOD - 1.0000002, ValueError, "got -1.0000002 to -2.3841858e-07: undo"),
        (256 * GOOD, ValueError, "got 0 to 256: undo"),
        (GOOD / 0, ValueError, "got nan to nan"),
        ((GOOD + 1) / 0, ValueError, "got inf to inf"),
        (GOOD[:0], ValueError, "shape is (0, 1, 6, 4): did a selection take everyth"),
        (GOOD[..., :0], ValueError, "no images here, the shape is (8, 1, 6, 0)"),
    ],
)
def test_other_images_are_refused_with_the_fix(images, error, says):
    with pytest.raises(error, match=re.escape(says)):
        check_images(images)


@pytest.mark.parametrize(
    ("bad", "fix", "good"),
    [
        (GOOD.numpy(), torch.as_tensor, GOOD),
        (GOOD[0, 0], lambda images: images[None, None], GOOD[:1]),
        (GOOD[:, 0], lambda images: images[:, None], GOOD),
        (
            GOOD[0].expand(3, 6, 4).permute(1, 2, 0),
            lambda images: images.permute(2, 0, 1)[None],
            GOOD[:1].expand(1, 3, 6, 4),
        ),
        (GOOD.permute(0, 2, 3, 1), lambda images: images.permute(0, 3, 1, 2), GOOD),
        ((255 * GOOD).round().byte(), lambda images: images.float() / 255, GOOD),
        (255 * GOOD, lambda images: images / 255, GOOD),
        (2 * GOOD - 1, lambda images: (images + 1) / 2, GOOD),
        (GOOD * 1.0000002, lambda images: images.clamp(0, 1), GOOD),
    ],
)
def test_the_fixes_that_are_named_fix_it(bad, fix, good):
    with pytest.raises((TypeError, ValueError)):
        check_images(bad)
    torch.testing.assert_close(check_images(fix(bad)), good, atol=0.5 / 255, rtol=0)


# -- AugmentInTraining -----------------------------------------------------------------


class Calls(nn.Module):
    """Mirror, and keep what was asked for."""

    def __init__(self):
        super().__init__()
        self.batches = []

    def forward(self, images):
        self.batches.append(images)
        return images.flip(-1)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_images_are_augmented_in_training_mode_only(device, dtype):
    augment = Calls()
    layer = AugmentInTraining(augment).to(device)
    images = GOOD.to(device, dtype)
    augmented = layer(images)
    assert torch.equal(augmented, images.flip(-1))
    assert (augmented.dtype, augmented.device) == (images.dtype, images.device)
    layer.eval()
    assert layer(images) is images
    assert len(augment.batches) == 1
    assert torch.equal(layer.train()(images), augmented)


@pytest.mark.parametrize("mode", [True, False])
def test_what_is_not_an_image_is_refused_in_both_modes(mode):
    augment = Calls()
    with pytest.raises(ValueError, match="divide by 255"):
        AugmentInTraining(augment).train(mode)(255 * GOOD)
    assert augment.batches == []


@pytest.mark.parametrize(
    ("augment", "shape"),
    [
        (K.RandomCrop((5, 3)), (8, 1, 5, 3)),
        (lambda images: images[:, 0], (8, 6, 4)),
        (lambda images: images[:4], (4, 1, 6, 4)),
        (lambda images: images.mT, (8, 1, 4, 6)),
    ],
)
def test_an_augmentation_that_changes_the_shape_is_refused(augment, shape):
    says = f"turned shape (8, 1, 6, 4) into {shape}: crop to the old size"
    layer = AugmentInTraining(augment)
    with pytest.raises(ValueError, match=re.escape(says)):
        layer(GOOD)
    assert layer.eval()(GOOD) is GOOD


def training(device, augment, **options):
    """Return a training of 2 steps on 8 images; 4 others validate."""
    torch.manual_seed(1)
    model = nn.Sequential(
        AugmentInTraining(augment), nn.Conv2d(1, 2, 3), nn.Flatten(), nn.Linear(16, 3)
    ).to(device)
    X, y = torch.rand(12, 1, 6, 4), torch.arange(12) % 3
    return Training(
        model,
        cross_entropy,
        torch.optim.SGD(model.parameters(), 0.1),
        train=(X[:8], y[:8]),
        validation=(X[8:], y[8:]),
        batch_size=4,
        **options,
    )


def test_training_augments_and_its_validation_does_not(device):
    augment = Calls()
    run = training(device, augment).finish()
    assert [tuple(batch.shape) for batch in augment.batches] == [(4, 1, 6, 4)] * 2
    seen = torch.cat(augment.batches)
    assert all((seen == image).flatten(1).all(1).any() for image in run.train_data[0])
    plain = run.model[1:].eval()
    measured = evaluate(plain, cross_entropy, run.validation)
    assert run.history["validation_loss"].tolist() == [measured["loss"]]
    run.model.eval()
    assert torch.equal(run.model(run.validation[0]), plain(run.validation[0]))


@pytest.mark.parametrize(
    "augment",
    [
        K.RandomRotation(20.0, p=1.0),
        K.RandomAffine(15.0, (0.08, 0.08), scale=(0.85, 1.15), p=1.0),
        K.RandomCrop((6, 4), padding=1, p=1.0),
        K.RandomHorizontalFlip(p=1.0),
    ],
    ids=lambda augment: type(augment).__name__,
)
def test_kornias_augmentations_are_layers_of_a_training(device, augment, tmp_path):
    run = training(device, augment, epochs=2)
    images = run.train_data[0]
    assert not torch.equal(run.model[0](images), images)
    assert list(run.model[0].parameters()) == []  # nothing to learn there
    for step in run:
        if step.number == 2:
            break
    checkpoint = run.save(tmp_path / "half.pt")
    losses = [step.loss for step in run]
    resumed = training(device, augment, epochs=2).load(checkpoint)
    assert [step.loss for step in resumed] == losses  # with the same draws
    learning_rate_range_test(run, steps=3)  # on a copy of the model

    other = training(device, augment)
    X = run.validation[0]
    assert not torch.equal(other.model.eval()(X), run.model.eval()(X))
    other.model.load_state_dict(run.model.state_dict())
    assert torch.equal(other.model(X), run.model(X))
