"""The last stages of a picture network: they go on where the frozen part stopped."""

import pytest
import torch
from torch import nn

import bigmodel_lab as lab
from bigmodel_lab import models
from bigmodel_lab.models.efficientnet import EfficientNetLite


@pytest.fixture(scope="module")
def network():
    """Return an untrained network whose norms have averages of their own."""
    torch.manual_seed(0)
    network = EfficientNetLite()
    with torch.no_grad():
        for _ in range(5):
            network.features(torch.rand(16, 3, 32, 32))
    return network.eval()


@pytest.fixture(scope="module")
def pictures():
    """Return 12 pictures: noise, bright below in the first half, above in the other."""
    pictures = 0.4 * torch.rand(12, 3, 64, 64, generator=torch.manual_seed(1))
    pictures[:6, :, 32:] += 0.6
    pictures[6:, :, :32] += 0.6
    return pictures


LABELS = torch.arange(12) // 6
SHAPES = {0: (32, 32), 1: (16, 32), 2: (24, 16), 3: (40, 8), 5: (112, 4), 7: (320, 2)}


@pytest.mark.parametrize("stage", SHAPES)
def test_the_frozen_part_and_the_last_stages_make_the_whole(network, pictures, stage):
    with torch.no_grad():
        middle = network.features_until(pictures, stage)
        channels, side = SHAPES[stage]
        assert middle.shape == (12, channels, side, side)
        for fixed in (True, False):
            last = models.LastStages(network, stage, 2, fixed_norms=fixed).eval()
            torch.testing.assert_close(
                last.features(middle), network.features(pictures), atol=1e-5, rtol=1e-4
            )


def tuned(network, pictures, epochs=3, **options):
    """Return last stages tuned on the pictures, and their training."""
    with torch.no_grad():
        middle = network.features_until(pictures, 5)
    last = models.LastStages(network, 5, 2, **options)
    training = models.picture_tuning(
        last, middle, LABELS, learning_rate=2e-4, epochs=epochs, batch_size=4
    )
    return last, middle, training.finish()


def test_it_learns_and_the_network_it_comes_from_does_not(fetched, pictures):
    network = models.picture_encoder(fetched(lab.datasets.efficientnet))
    before = {name: value.clone() for name, value in network.state_dict().items()}
    last, middle, training = tuned(network, pictures, epochs=8)
    losses = training.history["train_loss"]
    assert losses.iloc[-1] < losses.iloc[0] / 2
    assert lab.accuracy(LABELS, lab.predict(last, middle)) == 1
    for name, value in network.state_dict().items():
        assert torch.equal(value, before[name]), name
    moved = last.blocks[0].look.convolution.weight
    assert not torch.equal(moved, network.blocks[11].look.convolution.weight)


def test_it_begins_by_calling_all_classes_equally_probable(network, pictures):
    last = models.LastStages(network, 5, 3)
    assert lab.predict(last, network.features_until(pictures, 5)).abs().max() == 0


@pytest.mark.parametrize("mode", ["train", "eval"])
def test_fixed_norms_keep_their_averages_however_a_training_begins(
    network, pictures, mode
):
    last = models.LastStages(network, 5, 2)
    getattr(last, mode)()
    middle = network.features_until(pictures, 5)
    models.picture_tuning(last, middle, LABELS, epochs=1, batch_size=4).finish()
    for name in ("running_mean", "running_var"):
        ours = last.blocks[0].look.norm.get_buffer(name)
        assert torch.equal(ours, network.blocks[11].look.norm.get_buffer(name))
    last.train()
    as_training = last(middle)
    torch.testing.assert_close(as_training, last.eval()(middle))


def test_norms_that_are_not_fixed_answer_otherwise_than_they_learn(network, pictures):
    last, middle, _ = tuned(network, pictures, fixed_norms=False)
    norm = network.blocks[11].look.norm
    assert not torch.equal(last.blocks[0].look.norm.running_mean, norm.running_mean)
    with torch.no_grad():
        learning, answering = last.train()(middle), last.eval()(middle)
    assert (learning - answering).abs().max() > 0.1


def test_a_batch_of_one_is_no_trouble_with_fixed_norms(network, pictures):
    middle = network.features_until(pictures, 5)
    last = models.LastStages(network, 5, 2)
    models.picture_tuning(last, middle, LABELS, batch_size=11).finish()
    learning = models.LastStages(network, 5, 2, fixed_norms=False)
    with pytest.raises(ValueError, match="leave a last batch of one"):
        models.picture_tuning(learning, middle, LABELS, batch_size=11)


def test_the_head_learns_ten_times_as_fast(network, pictures):
    last, _, training = tuned(network, pictures)
    stages, head = training.optimizer.param_groups
    assert (stages["lr"], head["lr"]) == (2e-4, pytest.approx(2e-3))
    learned = {id(p) for group in (stages, head) for p in group["params"]}
    assert learned == {id(p) for p in last.parameters()}
    assert all(p.requires_grad for p in last.parameters())


@pytest.mark.parametrize("stage", [-1, 8, 2.5, "five"])
def test_a_stage_that_is_not_there_is_refused(network, stage):
    with pytest.raises(ValueError, match=f"stages 0 to 7, and no {stage!r}"):
        models.LastStages(network, stage, 2)
    with pytest.raises(ValueError, match="stages 0 to 7"):
        network.features_until(torch.rand(1, 3, 32, 32), stage)


def test_one_class_is_refused(network):
    with pytest.raises(ValueError, match="two classes or more, not 1"):
        models.LastStages(network, 5, 1)


def test_a_frozen_network_can_be_the_start(network):
    frozen = EfficientNetLite().requires_grad_(False)
    last = models.LastStages(frozen, 6, 2)
    assert all(p.requires_grad for p in last.parameters())
    assert not any(p.requires_grad for p in frozen.parameters())
    assert any(isinstance(layer, nn.BatchNorm2d) for layer in frozen.modules())
