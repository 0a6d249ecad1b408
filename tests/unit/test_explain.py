"""What a model makes of an image or a text, and that it stays as it was."""

import numpy as np
import pytest
import torch
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from torch import nn

from bigmodel_lab import explain
from bigmodel_lab.explain import (
    attribution,
    feature_maps,
    probabilities,
    word_influence,
    word_influences,
)

BLANK = torch.zeros(1, 1, 28, 28)


@pytest.fixture
def model():
    """Return a network whose modes are mixed and whose gradients are there."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = nn.Sequential(
            nn.Conv2d(1, 3, 5),
            nn.BatchNorm2d(3),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(2),
            nn.Conv2d(3, 4, 3),
            nn.ReLU(),
            nn.Conv2d(4, 2, 3),
            nn.Flatten(),
            nn.Dropout(0.5),
            nn.Linear(2 * 8 * 8, 10),
        )
        model(torch.rand(8, 1, 28, 28)).sum().backward()
    model[1].eval()  # as one that is frozen
    return model


@pytest.fixture
def image():
    return torch.rand(1, 1, 28, 28, generator=torch.Generator().manual_seed(1))


def state(model):
    """Return all that must not change: weights, statistics, gradients, modes, hooks."""
    return (
        {name: value.tolist() for name, value in model.state_dict().items()},
        [p.grad.tolist() for p in model.parameters()],
        [p.requires_grad for p in model.parameters()],
        [layer.training for layer in model.modules()],
        [len(layer._forward_hooks) for layer in model.modules()],
    )


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_looking_changes_nothing(model, image, device, dtype):
    model = model.to(device, dtype)
    before, pixels = state(model), image.clone()
    shares = probabilities(model, image)
    maps = feature_maps(model, image)
    votes = attribution(model, image, 3)
    assert state(model) == before
    assert torch.equal(image, pixels)
    assert not image.requires_grad
    for result in (shares, *maps, votes):
        assert result.device.type == "cpu"
        assert result.dtype == torch.float32
        assert not result.requires_grad


def test_the_probabilities_are_the_softmax_of_the_logits(model, image):
    shares = probabilities(model, image)
    model.eval()
    assert torch.allclose(shares, model(image).softmax(1)[0])


def test_the_feature_maps_are_those_of_the_first_two_convolutions(model, image):
    first, second = feature_maps(model, image)
    model.eval()
    assert torch.allclose(first, model[:1](image)[0].relu())
    assert torch.allclose(second, model[:5](image)[0].relu())
    assert first.shape == (3, 24, 24)
    assert second.shape == (4, 10, 10)


def test_a_network_without_convolutions_has_no_feature_maps(image):
    assert feature_maps(nn.Sequential(nn.Flatten(), nn.Linear(784, 10)), image) == []


def test_a_failing_model_keeps_no_hook(model, image):
    model[9] = nn.Linear(5, 10)
    with pytest.raises(RuntimeError):
        feature_maps(model, image)
    assert not any(layer._forward_hooks for layer in model.modules())
    assert model.training
    assert not model[1].training


def test_attributions_lie_on_the_ink_and_sum_to_the_rise_of_the_logit(model, image):
    image = image * (image > 0.7)
    for digit in (0, 7):
        votes = attribution(model, image, digit)
        assert votes.shape == (28, 28)
        assert not votes[image[0, 0] == 0].any()
        model.eval()
        rise = (model(image) - model(BLANK))[0, digit]
        assert votes.sum().item() == pytest.approx(rise.item(), abs=0.02)


def test_of_a_linear_model_they_are_weight_times_pixel(image):
    model = nn.Sequential(nn.Flatten(), nn.Linear(784, 10))
    votes = attribution(model, image, 4)
    weights = model[1].weight[4].detach().reshape(28, 28)
    assert torch.allclose(votes, weights * image[0, 0], atol=1e-6)


def test_a_model_without_parameters_will_do(image):
    assert probabilities(nn.Sequential(nn.Flatten(), First(10)), image).shape == (10,)


class First(nn.Module):
    """A layer that answers the first numbers of its input, or a tuple of them."""

    def __init__(self, count, wrap=False):
        super().__init__()
        self.count, self.wrap = count, wrap

    def forward(self, x):
        answer = x.flatten(1)[:, : self.count]
        return (answer,) if self.wrap else answer


@pytest.mark.parametrize(
    ("model", "reason"),
    [
        (nn.Linear(784, 10), r"nn.Flatten\(\).*shapes cannot be multiplied"),
        (nn.Conv2d(3, 10, 28), r"nn.Conv2d\(1, ...\).*channels"),
        (nn.Conv2d(1, 10, 28), r"logits \(1, 10\).*got \(1, 10, 1, 1\)"),
        (First(2), r"got \(1, 2\)"),
        (First(10, wrap=True), "got <class 'tuple'>"),
    ],
)
def test_a_model_of_another_shape_gets_the_reason(model, reason):
    with pytest.raises(ValueError, match=reason):
        probabilities(model, BLANK)


def test_a_diverged_model_gets_the_reason(model, image):
    nn.init.constant_(model[9].weight, float("nan"))
    with pytest.raises(ValueError, match="diverged"):
        probabilities(model, image)


# -- texts -----------------------------------------------------------------------------

REVIEWS = ["a good good film", "good fun", "a bad film", "bad bad bad", "the end"]
TEXT = ["a", "good", "film", "a", "bad", "end", "good", "fun", "good"]


@pytest.fixture(scope="module")
def linear():
    """Return a fitted vectorizer of word counts and a logistic regression on them."""
    vectorizer = CountVectorizer(analyzer=list).fit(map(str.split, REVIEWS))
    counts = vectorizer.transform(map(str.split, REVIEWS))
    return vectorizer, LogisticRegression().fit(counts, [1, 1, 0, 0, 1])


def of_softmax(*scores):
    """Return a model: the softmax of scores for each class, summed over the words."""

    def model(documents):
        logits = [[sum(map(score, words)) for score in scores] for words in documents]
        return torch.tensor(logits, dtype=torch.float64).softmax(1)

    return model


def test_of_a_linear_model_a_word_has_its_coefficient_times_its_count(linear):
    vectorizer, model = linear

    def shares(documents):
        return model.predict_proba(vectorizer.transform(documents))

    influence = word_influence(shares, TEXT, 1)
    assert list(influence) == ["a", "good", "film", "bad", "end", "fun"]
    for word, value in influence.items():
        coefficient = model.coef_[0, vectorizer.vocabulary_[word]]
        assert value == pytest.approx(coefficient * TEXT.count(word), abs=1e-12)
        assert isinstance(value, float)
    against = word_influence(shares, TEXT, 0)
    assert against == pytest.approx({word: -v for word, v in influence.items()})


def test_all_classes_are_weighed_and_the_probabilities_told_in_one_call():
    calls = []
    model = of_softmax(lambda w: w == "good", lambda w: 2 * (w == "bad"), lambda w: 0)

    def shares(documents):
        calls.append(documents)
        return model(documents)

    whole, influences = word_influences(shares, TEXT)
    assert len(calls) == 1
    assert len(calls[0]) == 1 + len(set(TEXT))
    assert calls[0][0] == TEXT
    assert calls[0][2] == [word for word in TEXT if word != "good"]
    assert whole == pytest.approx(model([TEXT])[0].numpy())
    for label in range(3):
        rest = [word for word in TEXT if word != "bad"]
        with_it, without = model([TEXT, rest])[:, label].logit()
        assert influences["bad"][label] == pytest.approx((with_it - without).item())
        assert influences["film"][label] == 0
        chosen = word_influence(shares, TEXT, label)
        assert chosen == {word: v[label] for word, v in influences.items()}


def test_a_long_text_goes_in_several_calls_with_the_same_result(linear, monkeypatch):
    vectorizer, model = linear
    sizes = []

    def shares(documents):
        sizes.append(sum(map(len, documents)))
        return model.predict_proba(vectorizer.transform(documents))

    at_once = word_influence(shares, TEXT, 1)
    monkeypatch.setattr(explain, "BATCH", 20)
    assert word_influence(shares, TEXT, 1) == at_once
    assert len(sizes) == 1 + 4
    assert max(sizes[1:]) <= 20
    monkeypatch.setattr(explain, "BATCH", 2)  # less than the text has
    assert word_influence(shares, TEXT, 1) == at_once


def test_the_first_different_words_can_be_all():
    _, influences = word_influences(of_softmax(len, lambda w: 0), TEXT, most=2)
    assert list(influences) == ["a", "good"]


def test_one_different_word_is_not_weighed_for_no_model_must_read_nothing():
    def shares(documents):
        assert all(documents)
        return np.full((len(documents), 2), 0.5)

    assert word_influence(shares, ["good", "good"], 0) == {}
    assert word_influence(shares, ["good", "film"], 0) == {"good": 0, "film": 0}


def test_probabilities_of_0_and_1_have_a_finite_influence():
    def shares(documents):
        return [[1, 0] if "good" in words else [0, 1] for words in documents]

    influence = word_influence(shares, ["good", "film"], 0)
    assert influence["film"] == 0
    assert 100 < influence["good"] < np.inf


def test_a_model_that_is_very_sure_still_tells_its_words_apart():
    model = of_softmax(lambda w: 100 * len(w), lambda w: 0)  # p = 1 in float64
    influence = word_influence(model, ["a", "bb"], 0)
    assert influence == pytest.approx({"a": 100, "bb": 200})
    assert model([["a", "bb"]])[0, 0] == 1


def test_a_tensor_with_a_gradient_will_do():
    weight = torch.tensor([[1.0, -1.0]], requires_grad=True)

    def shares(documents):
        lengths = torch.tensor([[float(len(words))] for words in documents])
        return (lengths * weight).softmax(1)

    assert word_influence(shares, ["a", "b"], 0) == pytest.approx({"a": 2, "b": 2})


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ([[0.5, 0.5]], r"3 texts .* \(3, classes\) .* got \(1, 2\)"),
        ([0.5, 0.5, 0.5], r"two or more classes; got \(3,\)"),
        ([[1.0]] * 3, r"got \(3, 1\)"),
        ([[0.5, np.nan]] * 3, "not finite: its training has diverged"),
        ([[2.0, -1.0]] * 3, r"sum to 1; got \[2.0, -1.0\]: logits need a softmax"),
        ([[0.9, 0.9]] * 3, "logits need a softmax"),
        ([["a", "b"]] * 3, "cannot read texts of 2 words: ValueError: could not conv"),
    ],
)
def test_what_is_no_probability_gets_the_reason(answer, reason):
    with pytest.raises(ValueError, match=reason):
        word_influence(lambda documents: answer, ["good", "film"], 0)


def test_a_model_that_fails_on_a_text_gets_the_reason():
    def shares(documents):
        raise KeyError("film")

    with pytest.raises(ValueError, match="texts of 2 words: KeyError: 'film'") as error:
        word_influence(shares, ["good", "film"], 0)
    assert isinstance(error.value.__cause__, KeyError)


@pytest.mark.parametrize("words", [[], "", "a text"])
def test_no_list_of_words_gets_the_reason(words):
    with pytest.raises(ValueError, match="a list with at least one word, got"):
        word_influence(of_softmax(len, len), words, 0)


@pytest.mark.parametrize("label", [-1, 2])
def test_a_class_that_is_not_there(label):
    with pytest.raises(ValueError, match=f"no class has the number {label}: .* 0 to 1"):
        word_influence(of_softmax(len, len), TEXT, label)
