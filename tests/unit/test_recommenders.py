"""Factorization machines: pairs as in a double loop, and networks that are added."""

import itertools

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits

from bigmodel_lab import Training, models
from bigmodel_lab.models.recommenders import bi_interaction

MODELS = {
    "MF": lambda **options: models.MatrixFactorization([6, 8], 4, **options),
    "FM": lambda **options: models.FactorizationMachine([6, 8, 3], 4, **options),
    "DeepFM": lambda **options: models.DeepFM([6, 8, 3], 4, (5,), **options),
    "NeuralFM": lambda **options: models.NeuralFM([6, 8, 3], 4, (5,), **options),
}


def random_ids(sizes, rows=40, seed=0):
    """Return ids (rows, F), each among the values of its field."""
    generator = torch.Generator().manual_seed(seed)
    columns = [torch.randint(size, (rows,), generator=generator) for size in sizes]
    return torch.stack(columns, 1)


def lively(model):
    """Return the model in float64, evaluated, with all its numbers drawn at random."""
    for parameter in model.parameters():
        nn.init.normal_(parameter)
    return model.double().eval()


def parts(model, ids):
    """Return the linear part (N,), one by one, and the vectors (N, F, D)."""
    first, linear, vectors = 0, model.bias, []
    for field, size in enumerate(model.fields.sizes.tolist()):
        places = first + ids[:, field]
        linear = linear + model.weights.vectors.weight[places, 0]
        vectors.append(model.fields.vectors.weight[places])
        first += size
    return linear, torch.stack(vectors, 1)


@pytest.mark.parametrize("shape", [(1, 1, 1), (5, 2, 3), (3, 4, 1), (7, 9, 16)])
def test_pairs_without_a_loop_are_the_sum_of_products(shape):
    vectors = torch.randn(shape, dtype=torch.float64)
    expected = torch.zeros(shape[0], shape[2], dtype=torch.float64)
    for a, b in itertools.combinations(range(shape[1]), 2):
        expected += vectors[:, a] * vectors[:, b]
    torch.testing.assert_close(bi_interaction(vectors), expected)


@pytest.mark.parametrize("sizes", [[4], [6, 8], [6, 8, 3], [2, 1, 5, 3, 9]])
@pytest.mark.parametrize("dimensions", [1, 5])
def test_a_factorization_machine_is_rendles_double_loop(sizes, dimensions):
    model = lively(models.FactorizationMachine(sizes, dimensions))
    ids = random_ids(sizes)
    expected, vectors = parts(model, ids)
    for a, b in itertools.combinations(range(len(sizes)), 2):
        expected = expected + (vectors[:, a] * vectors[:, b]).sum(1)
    torch.testing.assert_close(model(ids), expected)


def test_matrix_factorization_is_the_factorization_machine_of_two_fields():
    model = lively(models.MatrixFactorization([6, 8], 4))
    machine = models.FactorizationMachine([6, 8], 4).double()
    machine.load_state_dict(model.state_dict())
    ids = random_ids([6, 8])
    torch.testing.assert_close(model(ids), machine(ids))


def test_deepfm_is_the_factorization_machine_plus_a_network():
    sizes = [6, 8, 3]
    model = lively(models.DeepFM(sizes, 4, hidden=(5, 2)))
    machine = models.FactorizationMachine(sizes, 4).double()
    machine.load_state_dict(model.state_dict(), strict=False)
    ids = random_ids(sizes)
    _, vectors = parts(model, ids)
    first, second, last = (x for x in model.network if isinstance(x, nn.Linear))
    deep = last(second(first(vectors.reshape(40, 12)).relu()).relu())
    torch.testing.assert_close(model(ids), machine(ids) + deep[:, 0])


def test_neural_fm_is_a_network_after_the_products():
    sizes = [6, 8, 3]
    model = lively(models.NeuralFM(sizes, 4, hidden=(5,)))
    ids = random_ids(sizes)
    linear, vectors = parts(model, ids)
    user, film, third = vectors.unbind(1)
    products = user * film + user * third + film * third
    first, last = (x for x in model.network if isinstance(x, nn.Linear))
    deep = last(first(products).relu())[:, 0]
    torch.testing.assert_close(model(ids), linear + deep)


def test_a_neural_fm_that_only_adds_up_is_a_factorization_machine():
    sizes = [6, 8, 3]
    model = lively(models.NeuralFM(sizes, 4, hidden=()))
    nn.init.ones_(model.network[0].weight)
    nn.init.zeros_(model.network[0].bias)
    machine = models.FactorizationMachine(sizes, 4).double()
    machine.load_state_dict(model.state_dict(), strict=False)
    ids = random_ids(sizes)
    torch.testing.assert_close(model(ids), machine(ids))


@pytest.mark.parametrize("name", MODELS)
def test_a_model_learns_which_pairs_go_together(name, device):
    torch.manual_seed(0)
    model = MODELS[name]().to(device)
    sizes = model.fields.sizes.tolist()
    ids = random_ids(sizes, rows=200)
    # A user likes the films of the same parity: no value alone tells anything.
    liked = (ids[:, 0] % 2 == ids[:, 1] % 2).float()
    optimizer = torch.optim.Adam(model.parameters(), 0.05)
    training = Training(
        model,
        binary_cross_entropy_with_logits,
        optimizer,
        (ids, liked),
        epochs=30,
        batch_size=50,
    ).finish()
    assert training.losses[0] == pytest.approx(np.log(2), abs=0.1)
    assert np.mean(training.losses[-4:]) < 0.2
    for parameter in model.parameters():
        assert parameter.grad.abs().sum() > 0


@pytest.mark.parametrize("name", MODELS)
def test_fresh_models_say_little(name):
    model = MODELS[name]().eval()
    ids = random_ids(model.fields.sizes.tolist())
    logits = model(ids)
    assert logits.shape == (40,)
    assert logits.abs().max() < 0.7


@pytest.mark.parametrize("name", ["DeepFM", "NeuralFM"])
def test_dropout_is_for_training_only(name):
    model = MODELS[name](dropout=0.5)
    ids = random_ids([6, 8, 3])
    assert not torch.equal(model(ids), model(ids))
    model.eval()
    assert torch.equal(model(ids), model(ids))


@pytest.mark.parametrize("name", ["FM", "DeepFM", "NeuralFM"])
@pytest.mark.parametrize(
    ("ids", "says"),
    [
        ([[0, 0, 0], [5, 8, 2]], "Row 1 has 8 in field 1, whose ids are 0 to 7: what"),
        ([[0, 0, -1]], "Row 0 has -1 in field 2, whose ids are 0 to 2: .* never seen"),
        ([[0, 0]], r"\(N, 3\) whole numbers, .* torch.int64 of shape \(1, 2\)"),
        ([0, 0, 0], r"of shape \(3,\)"),
        ([[0.0, 0.0, 0.0]], r"got torch.float32 of shape \(1, 3\)"),
    ],
)
def test_bad_ids_are_named(name, ids, says):
    with pytest.raises(ValueError, match=says):
        MODELS[name]()(torch.tensor(ids))


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: models.FactorizationMachine([]), r"1 or more, got \[\]"),
        (lambda: models.DeepFM([3, 0]), r"1 or more, got \[3, 0\]"),
        (lambda: models.MatrixFactorization([3, 4, 5]), "2 fields, .* got 3 sizes"),
    ],
)
def test_sizes_that_make_no_sense_are_refused(make, says):
    with pytest.raises(ValueError, match=says):
        make()


# -- pairs -----------------------------------------------------------------------------


def test_pairs_compare_a_film_with_others_drawn_anew():
    model = models.FactorizationMachine([4, 6, 3]).eval()
    films = torch.stack([torch.arange(6), torch.arange(6) % 3], dim=1)
    pairs = models.PairwiseRanking(model, films)
    ids = random_ids([4, 6, 3])
    torch.manual_seed(0)
    found = pairs(ids)
    torch.manual_seed(0)
    drawn = torch.randint(6, (40,))
    others = torch.column_stack([ids[:, 0], drawn, drawn % 3])
    assert torch.equal(found, model(ids) - model(others))
    assert not torch.equal(found, pairs(ids))


def test_pairs_teach_which_films_a_user_wants():
    torch.manual_seed(0)
    users = torch.arange(200) % 8
    ids = torch.stack([users, users // 4 * 5 + torch.randint(5, (200,))], dim=1)
    model = models.MatrixFactorization([8, 10], 4)
    training = Training(
        models.PairwiseRanking(model, torch.arange(10)[:, None]),
        binary_cross_entropy_with_logits,
        torch.optim.Adam(model.parameters(), 0.05),
        (ids, torch.ones(200)),
        epochs=40,
        batch_size=50,
    ).finish()
    assert training.losses[0] == pytest.approx(np.log(2), abs=0.05)
    every = torch.cartesian_prod(torch.arange(8), torch.arange(10))
    scores = model(every).view(8, 10)
    best = scores.topk(5).indices.sort().values
    assert torch.equal(best[:4], torch.arange(5).expand(4, 5))
    assert torch.equal(best[4:], torch.arange(5, 10).expand(4, 5))


def test_pairs_of_films_with_other_fields_are_refused():
    model = models.MatrixFactorization([4, 6])
    pairs = models.PairwiseRanking(model, torch.zeros(6, 2, dtype=torch.long))
    with pytest.raises(ValueError, match=r"must be \(N, 2\) whole numbers"):
        pairs(random_ids([4, 6]))
