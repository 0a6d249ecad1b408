"""LoRA: the correction, where it goes, and that merging changes nothing."""

import pytest
import torch
from torch import nn

from bigmodel_lab import models
from bigmodel_lab.from_scratch.lora import LowRank, adapt, merge


@pytest.fixture
def gpt():
    return models.GPT(20, 9, dimensions=16, layers=2, heads=2).eval()


def trained(layer):
    """Give the correction of a layer numbers, as training does."""
    nn.init.normal_(layer.B)
    return layer


@pytest.mark.parametrize("rank", [1, 3, 8])
def test_the_layer_is_that_of_peft(rank):
    peft = pytest.importorskip("peft")
    ours = trained(LowRank(nn.Linear(12, 8), rank, alpha=6))
    theirs = peft.inject_adapter_in_model(
        peft.LoraConfig(r=rank, lora_alpha=6, target_modules=["0"]),
        nn.Sequential(nn.Linear(12, 8)),
    )[0]
    theirs.base_layer.load_state_dict(ours.layer.state_dict())
    theirs.lora_A.default.weight.data = ours.A.data
    theirs.lora_B.default.weight.data = ours.B.data
    x = torch.randn(5, 3, 12)
    torch.testing.assert_close(ours(x), theirs(x))


def test_the_model_starts_as_it_was(gpt):
    ids = torch.randint(20, (3, 9))
    before = gpt(ids)
    adapt(gpt, rank=4)
    torch.testing.assert_close(gpt(ids), before)


def test_only_the_corrections_learn(gpt):
    learning = adapt(gpt, rank=2, names=("query", "value"))
    assert {id(p) for p in gpt.parameters() if p.requires_grad} == {*map(id, learning)}
    assert sum(p.numel() for p in learning) == 2 * 2 * 2 * (16 + 16)
    gpt(torch.randint(20, (3, 9))).square().mean().backward()
    # B is 0, so A has no gradient at the first step, and moves from the second on.
    assert all(p.grad.any() == (k % 2 == 1) for k, p in enumerate(learning))


def test_a_merged_model_does_the_same_by_plain_layers(gpt):
    adapt(gpt, rank=3, names=("query", "value", "grow"))
    for layer in gpt.modules():
        if isinstance(layer, LowRank):
            trained(layer)
    ids = torch.randint(20, (3, 9))
    before = gpt(ids)
    merge(gpt)
    torch.testing.assert_close(gpt(ids), before)
    assert not any(isinstance(layer, LowRank) for layer in gpt.modules())
    assert all(p.requires_grad for p in gpt.parameters())


@pytest.mark.parametrize("rank", [0, -1, 9, 2.5])
def test_a_rank_that_does_not_fit_is_told(rank):
    with pytest.raises(ValueError, match=f"the layer's width, 8, got {rank}"):
        LowRank(nn.Linear(12, 8), rank)


def test_a_name_that_no_layer_has_is_told(gpt):
    with pytest.raises(ValueError, match="no linear layer named q_proj or v_proj"):
        adapt(gpt, rank=2, names=("q_proj", "v_proj"))
