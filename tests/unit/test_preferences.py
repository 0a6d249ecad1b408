"""Rewards and pairs: against libraries where there are any, and against counting."""

from itertools import combinations
from math import comb

import pytest
import torch
from torch.distributions import Categorical, kl
from torch.nn import functional as F

from bigmodel_lab.from_scratch import preferences


def some(*shape, scale=1.0):
    return scale * torch.randn(shape, dtype=torch.float64)


def test_log_probabilities_are_minus_the_loss_of_each_token():
    logits, targets = some(3, 5, 7), torch.randint(7, (3, 5))
    ours = preferences.of_targets(logits.log_softmax(-1), targets)
    theirs = -F.cross_entropy(logits.mT, targets, reduction="none")
    torch.testing.assert_close(ours, theirs)


def test_advantages_have_mean_0_and_spread_1():
    better = preferences.advantages(some(50) * 4 + 9)
    torch.testing.assert_close(better.mean(), torch.tensor(0.0, dtype=torch.float64))
    assert better.std() == pytest.approx(1, abs=1e-3)
    assert preferences.advantages(torch.full((6,), 0.3)).abs().max() < 1e-3


def test_the_policy_gradient_is_that_of_the_expected_reward():
    """For a policy over 4 tokens, the mean over all texts is the exact gradient."""
    logits = some(4).requires_grad_()
    rewards = some(4)
    (expected := (logits.softmax(0) * rewards).sum()).backward()
    exact, logits.grad = logits.grad, None
    p = logits.softmax(0).detach()
    log_p = logits.log_softmax(0)[:, None]  # texts of one token, each once
    weights = 4 * p * (rewards - expected.detach())
    preferences.policy_loss(log_p, weights, torch.ones(4, 1)).backward()
    torch.testing.assert_close(-logits.grad, exact)


def test_masked_tokens_are_neither_praised_nor_blamed():
    log_p = some(3, 6).requires_grad_()
    mask = torch.zeros(3, 6)
    mask[:, [1, 4]] = 1
    preferences.policy_loss(log_p, some(3), mask).backward()
    assert not log_p.grad[:, [0, 2, 3, 5]].any()
    assert log_p.grad[:, [1, 4]].all()


def test_the_divergence_is_pytorchs_and_0_for_the_same_model():
    new, old, mask = some(3, 5, 7), some(3, 5, 7), (torch.rand(3, 5) < 0.6).double()
    each = kl.kl_divergence(Categorical(logits=new), Categorical(logits=old))
    new, old = new.log_softmax(-1), old.log_softmax(-1)
    ours = preferences.kl_divergence(new, old, mask)
    torch.testing.assert_close(ours, (each * mask).sum(1).mean())
    assert preferences.kl_divergence(new, new, mask).abs() < 1e-12


def test_dpo_at_the_start_knows_nothing_and_then_prefers_the_better():
    better, worse = some(6).requires_grad_(), some(6).requires_grad_()
    start = better.detach().clone(), worse.detach().clone()
    loss = preferences.dpo_loss(better, worse, *start)
    assert loss.item() == pytest.approx(torch.log(torch.tensor(2.0)).item())
    loss.backward()
    assert (better.grad < 0).all()  # a step downhill makes it likelier
    assert (worse.grad > 0).all()


def test_a_larger_beta_is_content_with_a_smaller_change():
    zero, gained = torch.zeros(1), torch.tensor([2.0])
    losses = [preferences.dpo_loss(gained, zero, zero, zero, b) for b in (0.1, 1, 5)]
    assert losses[0] > losses[1] > losses[2]


@pytest.mark.parametrize("beta", [0, -0.1, float("inf"), float("nan")])
def test_a_beta_that_is_none_is_told(beta):
    with pytest.raises(ValueError, match="beta must be above 0"):
        preferences.dpo_loss(*torch.zeros(4, 1), beta)


def test_a_reward_that_is_no_number_is_told():
    rewards = torch.tensor([0.0, float("nan"), 1.0])
    with pytest.raises(ValueError, match="1 of 3 rewards are NaN or infinite"):
        preferences.advantages(rewards)


@pytest.mark.parametrize(("k", "tries", "right"), [(1, 6, 2), (3, 6, 2), (5, 6, 2)])
def test_pass_at_k_is_the_share_of_all_choices_with_a_right_one(k, tries, right):
    choices = list(combinations([True] * right + [False] * (tries - right), k))
    share = sum(map(any, choices)) / comb(tries, k)
    assert preferences.pass_at(k, tries, right) == pytest.approx(share)


@pytest.mark.parametrize(("k", "tries", "right"), [(0, 5, 1), (6, 5, 1), (2, 5, 6)])
def test_tries_that_do_not_go_together_are_told(k, tries, right):
    with pytest.raises(ValueError, match=f"k={k} of {tries} tries with {right} right"):
        preferences.pass_at(k, tries, right)
