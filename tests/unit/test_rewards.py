"""Learning from rewards and pairs: a GPT of six characters learns what is liked."""

import copy

import pytest
import torch

from bigmodel_lab import models
from bigmodel_lab.from_scratch.text import Characters
from bigmodel_lab.models.rewards import log_probabilities, written_by_model

ALPHABET = Characters(["abcde"])


@pytest.fixture
def gpt():
    """Return a GPT that ends a text after any character, one in six times."""
    torch.manual_seed(0)
    return models.GPT(len(ALPHABET), 8, dimensions=16, layers=1, heads=2)


def likes_a(_, texts):
    return [text.count("a") / max(1, len(text)) for text in texts]


def learned(gpt, reward=likes_a, **options):
    options = {"steps": 30, "texts": 32, "learning_rate": 0.02} | options
    return list(models.reinforce(gpt, ALPHABET, reward, **options))


def test_what_is_rewarded_becomes_likelier(gpt):
    lessons = learned(gpt)
    assert [lesson.number for lesson in lessons] == list(range(1, 31))
    assert lessons[0].reward < 0.3 < 0.7 < lessons[-1].reward
    assert lessons[-1].reward == pytest.approx(
        sum(likes_a("", lessons[-1].texts)) / 32, abs=1e-6
    )


def test_the_penalty_holds_the_model_back(gpt):
    free, held = (
        learned(copy.deepcopy(gpt), kl_weight=weight)[-1] for weight in (0.0, 1.0)
    )
    assert held.moved < free.moved / 2
    assert held.reward < free.reward


def test_only_the_places_that_are_blamed_learn(gpt):
    def wants_b_second(_, texts):
        return [float(text[1:2] == "b") for text in texts]

    right, wrong = (
        learned(copy.deepcopy(gpt), wants_b_second, blamed=[place], learning_rate=5e-3)
        for place in (1, 0)
    )
    late = [sum(one.reward for one in run[-10:]) / 10 for run in (right, wrong)]
    assert late[0] > late[1] + 0.2


def test_a_reward_may_depend_on_the_prompt(gpt):
    def as_asked(prompt, texts):
        return [float(text.startswith(prompt[0])) for text in texts]

    learned(gpt, as_asked, prompts=["a\n", "b\n"], groups=2, steps=150)
    texts = models.answers(gpt.eval(), ALPHABET, ["a\n", "b\n"] * 50)
    assert sum(t[:1] == a for t, a in zip(texts, "ab" * 50, strict=True)) > 80


def test_the_same_seed_gives_the_same_lessons(gpt):
    one, same, other = (
        learned(copy.deepcopy(gpt), steps=2, seed=seed) for seed in (1, 1, 2)
    )
    assert one == same
    assert one[0].texts != other[0].texts


def test_a_frozen_weight_stays(gpt):
    gpt.tokens.requires_grad_(False)
    before = gpt.tokens.weight.clone()
    learned(gpt, steps=2)
    assert torch.equal(gpt.tokens.weight, before)


def test_what_the_model_wrote_ends_with_the_first_end():
    targets = torch.tensor([[3, 0, 2, 4, 0, 5], [3, 0, 1, 2, 3, 4]])
    rows = [[0, 0, 1, 1, 1, 0], [0, 0, 1, 1, 1, 1]]
    assert written_by_model(targets, 2).tolist() == rows


def test_preferred_texts_become_likelier_than_the_others(gpt):
    better = torch.tensor([ALPHABET.encode("\nab\n")]).repeat(4, 1)
    worse = torch.tensor([ALPHABET.encode("\nba\n")]).repeat(4, 1)
    options = {"steps": 20, "batch_size": 4, "learning_rate": 0.01}
    losses = list(models.prefer(gpt, better, worse, **options))
    assert losses[0] == pytest.approx(0.6931, abs=1e-3)  # ln 2: it cannot tell them yet
    assert losses[-1] < 0.5
    good, bad = (log_probabilities(gpt, rows)[0] for rows in (better, worse))
    assert good > bad + 2


@pytest.mark.parametrize(
    ("reward", "message"),
    [
        (lambda _, texts: [float("nan")] * len(texts), "32 of 32 rewards are NaN"),
        (lambda _, texts: [1.0], "a number for each text: 1 numbers for 32 texts"),
    ],
)
def test_rewards_that_are_none_are_told(gpt, reward, message):
    with pytest.raises(ValueError, match=message):
        learned(gpt, reward, steps=1)


@pytest.mark.parametrize("groups", [0, 5, 32])
def test_groups_that_cannot_be_compared_are_told(gpt, groups):
    with pytest.raises(ValueError, match=f"32 texts .* among {groups} groups"):
        learned(gpt, steps=1, groups=groups)


@pytest.mark.parametrize(
    ("prompts", "message"),
    [
        ([], "there is no text"),
        (["a\n", "ab\n"], "'a.n' has 2 characters, 'ab.n' has 3"),
        (["ab"], "one line break, .* 'ab' has 0"),
        (["a?\n"], r"\?"),
    ],
)
def test_prompts_that_cannot_be_read_are_told(gpt, prompts, message):
    with pytest.raises(ValueError, match=message):
        models.answers(gpt, ALPHABET, prompts)
