"""Pruning by hand is PyTorch's; a narrower network is the old one without channels."""

import copy

import pytest
import torch
from torch import nn
from torch.nn.utils import prune

from bigmodel_lab import models, pruning


def network(seed=0):
    torch.manual_seed(seed)
    return models.digit_cnn()


@pytest.mark.parametrize("share", [0.0, 0.3, 0.85, 0.99])
def test_the_same_weights_go_as_with_pytorch(share):
    model = network()
    theirs = copy.deepcopy(model).to(memory_format=torch.contiguous_format)  # it must
    layers = [layer for layer in theirs if hasattr(layer, "weight")]
    prune.global_unstructured(
        [(layer, "weight") for layer in layers], prune.L1Unstructured, amount=share
    )
    masks = pruning.masks(pruning.matrices(model), share)
    for mask, layer in zip(masks, layers, strict=True):
        assert torch.equal(mask, layer.weight_mask)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_exactly_the_share_is_zero_also_of_equal_weights(share):
    weights = [torch.ones(10, 10), -torch.ones(5, 20)]
    masks = pruning.masks(weights, share)
    pruning.apply(weights, masks)
    assert sum(int((w == 0).sum()) for w in weights) == round(200 * share)


def test_a_training_step_does_not_bring_zeros_back():
    model = network()
    weights = pruning.matrices(model)
    masks = pruning.masks(weights, 0.8)
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    model(torch.randn(4, 1, 28, 28)).square().sum().backward()
    optimizer.step()
    pruning.apply(weights, masks)
    for w, mask in zip(weights, masks, strict=True):
        assert not w[mask == 0].any()


@pytest.mark.filterwarnings("ignore:Sparse CSR:UserWarning")
@pytest.mark.parametrize("kept", [0, 1, 500])
def test_the_bytes_of_a_sparse_matrix_are_pytorchs(kept):
    dense = torch.zeros(40, 50)
    dense.view(-1)[:kept] = 1.0
    sparse = dense.to_sparse_csr()
    parts = sparse.values(), sparse.col_indices(), sparse.crow_indices()
    assert pruning.sparse_bytes(40, kept) == sum(part.nbytes for part in parts)


def test_nothing_taken_away_leaves_the_same_network():
    model, x = network(), torch.randn(3, 1, 28, 28)
    assert torch.allclose(pruning.slim(model, 0.0)(x), model(x), atol=1e-6)


@pytest.mark.parametrize("share", [0.25, 0.5, 0.9])
def test_a_channel_that_is_zero_everywhere_is_not_missed(share):
    """The narrower network answers as the whole one whose weak channels are dead."""
    model, x = network(), torch.randn(3, 1, 28, 28)
    weighted = [layer for layer in model if hasattr(layer, "weight")]
    with torch.no_grad():
        for layer in weighted[:-1]:
            kept = pruning.strongest(layer.weight, share)
            dead = torch.ones(len(layer.weight), dtype=torch.bool)
            dead[kept] = False
            layer.weight[dead] = 0
            layer.bias[dead] = 0
    small = pruning.slim(model, share)
    assert torch.allclose(small(x), model(x), atol=1e-5)
    assert len(small[0].weight) == 32 - round(32 * share) == small[0].out_channels
    assert small[-1].out_features == 10


def test_the_given_network_stays_as_it_is():
    model = network()
    before = copy.deepcopy(model.state_dict())
    pruning.slim(model, 0.5)
    for name, weight in model.state_dict().items():
        assert torch.equal(weight, before[name])


def test_the_strongest_rows_keep_their_order():
    weight = torch.tensor([[1.0, -5.0], [0.1, 0.1], [3.0, 0.0], [-1.0, 1.0]])
    assert pruning.strongest(weight, 0.5).tolist() == [0, 2]
    assert pruning.strongest(weight, 0.99).tolist() == [0]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda p: p.masks([torch.ones(3)], 1.0), "below 1, got 1.0"),
        (lambda p: p.slim(network(), -0.1), "below 1, got -0.1"),
        (lambda p: p.slim(nn.Linear(2, 2), 0.1), "not a Linear"),
        (
            lambda p: p.slim(nn.Sequential(nn.Linear(2, 2), nn.LSTM(2, 2)), 0.1),
            "What a LSTM does",
        ),
        (lambda p: p.slim(nn.Sequential(nn.Linear(2, 2)), 0.1), "at least two layers"),
    ],
)
def test_bad_input_gets_one_clear_sentence(call, message):
    with pytest.raises(ValueError, match=message):
        call(pruning)
