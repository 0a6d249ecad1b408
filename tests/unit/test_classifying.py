"""Fine-tuning: a tiny encoder learns, its batches hold every text once an epoch."""

import pytest
import torch
from torch.nn import functional as F

from bigmodel_lab import accuracy
from bigmodel_lab.models.classifying import (
    SimilarLengths,
    TextClassifier,
    fine_tuning,
    logits,
    up_and_down,
)
from bigmodel_lab.models.encoder import Encoder
from bigmodel_lab.models.sentences import padded


def texts(count=60):
    """Return ids of random lengths, and which of them have more threes than fours."""
    lengths = torch.randint(3, 15, (count,)).tolist()
    labels = torch.randint(2, (count,))
    ids = [
        [1, *torch.where(torch.rand(n) < 0.8, 3 + label, 4 - label).tolist()]
        for n, label in zip(lengths, labels.tolist(), strict=True)
    ]
    return ids, labels


def classifier(seed=0, classes=2):
    torch.manual_seed(seed)
    return TextClassifier(Encoder(9, 16, dimensions=24, layers=2, heads=3), classes)


def trained(seed=0, **options):
    """Return a training that has ended, of the same classifier on the same texts."""
    torch.manual_seed(1)
    data = texts()
    options = {"learning_rate": 0.003, "epochs": 8, "batch_size": 8} | options
    return fine_tuning(classifier(), *data, seed=seed, **options).finish()


def test_it_learns_what_the_texts_show():
    training = trained()
    ids, labels = texts(40)  # others
    assert training.losses[0] == pytest.approx(0.693, abs=1e-3)  # all equally probable
    assert sum(training.losses[-8:]) < 0.7 * sum(training.losses[:8])
    assert accuracy(labels, logits(training.model, ids)) > 0.85


def test_the_encoder_learns_along():
    before = classifier().encoder.state_dict()
    after = trained(epochs=1).model.encoder.state_dict()
    assert all(
        not torch.equal(
            before[f"blocks.{k}.grow.weight"], after[f"blocks.{k}.grow.weight"]
        )
        for k in range(2)
    )


def test_a_seed_repeats_a_training_and_another_differs():
    assert trained(seed=3).losses == trained(seed=3).losses
    assert trained(seed=3).losses != trained(seed=4).losses


def test_a_training_that_was_left_goes_on_with_the_same_batches():
    torch.manual_seed(1)
    data = texts()
    options = {"learning_rate": 0.003, "epochs": 2, "batch_size": 8, "seed": 0}
    training = fine_tuning(classifier(), *data, **options)
    for step in training:
        if step.number == 3:
            break
    assert training.finish().losses == trained(epochs=2).losses


def test_an_epoch_has_every_text_once_in_batches_that_change():
    torch.manual_seed(1)
    ids, labels = texts(61)
    training = fine_tuning(classifier(), ids, labels, batch_size=8, epochs=2)
    epochs = []
    for epoch in range(2):
        training.steps_done = epoch * training.steps_per_epoch
        batches = list(training.batches())
        assert [len(X) for X, _ in batches].count(8) == 7
        found = [
            ([i for i in row if i], label)
            for X, y in batches
            for row, label in zip(X.tolist(), y.tolist(), strict=True)
        ]
        assert sorted(found) == sorted(zip(ids, labels.tolist(), strict=True))
        epochs.append(found)
    assert epochs[0] != epochs[1]


def test_next_to_nothing_is_spent_on_pads():
    lengths = torch.randint(5, 60, (1000,))
    wide = sum(
        len(batch) * int(lengths[batch].max())
        for batch in SimilarLengths(lengths.tolist(), 16)
    )
    assert wide < 1.12 * int(lengths.sum())


def test_pads_do_not_change_the_logits():
    model = classifier()
    torch.nn.init.normal_(model.head.weight)
    ids, _ = texts(9)
    alone = torch.cat([model(torch.tensor([text])) for text in ids])
    torch.testing.assert_close(model(padded(ids)[0]), alone)
    torch.testing.assert_close(logits(model, ids, batch_size=4), alone)


def test_the_gradient_is_that_of_the_mean_loss():
    model, (ids, labels) = classifier(), texts(8)
    F.cross_entropy(model(padded(ids)[0]), labels).backward()
    wanted = labels.bincount(minlength=2) / len(labels)  # of a head of zeros: p - share
    torch.testing.assert_close(model.head.bias.grad, 0.5 - wanted)


@pytest.mark.parametrize(
    ("ids", "labels", "message"),
    [
        ([], [], "There are no texts: give one or more"),
        ([[1, 2], []], [0, 1], "Text 1 has no tokens: cut it with"),
        ([[1, 2], [1]], [0], r"There are 2 texts, and labels of the shape \(1,\)"),
        ([[1, 2], [1]], [0, 2], "go from 0 to 2 .* must be integers from 0 to 1"),
        ([[1, 2], [1]], [0.0, 1.0], "go from 0 to 1 .*float32.* must be integers"),
    ],
)
def test_what_cannot_be_learned_from_is_told(ids, labels, message):
    with pytest.raises(ValueError, match=message):
        fine_tuning(classifier(), ids, torch.tensor(labels))


@pytest.mark.parametrize("steps", [1, 2, 9, 100])
def test_the_rate_rises_for_a_tenth_and_falls_to_0(steps):
    factors = [up_and_down(step, steps) for step in range(steps)]
    assert max(factors) == 1
    assert factors.index(1) == max(0, steps // 10 - 1)
    assert 0 < factors[-1] <= max(2 / steps, factors[0])
    assert factors[steps // 10 :] == sorted(factors[steps // 10 :], reverse=True)
