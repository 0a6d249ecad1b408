"""Generating: a VAE's terms as in PyTorch, straight ways, distances as in SciPy."""

import math
from functools import partial

import numpy as np
import pytest
import torch
from scipy.linalg import sqrtm
from torch.distributions import Normal, kl_divergence

from bigmodel_lab.from_scratch import generating


def codes(rows=7, dimensions=4):
    """Return means and logarithms of variances, (rows, dimensions), float64."""
    return torch.randn(2, rows, dimensions, dtype=torch.float64)


# -- the VAE ---------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(1, 1), (7, 4), (3, 16)])
def test_the_kl_is_that_of_torch_distributions(shape):
    mean, log_variance = codes(*shape)
    given = Normal(mean, (log_variance / 2).exp())
    expected = kl_divergence(given, Normal(0.0, 1.0)).sum(1)
    found = generating.kl_to_normal(mean, log_variance)
    torch.testing.assert_close(found, expected)
    assert (found > 0).all()


def test_the_standard_normal_distribution_costs_nothing():
    zeros = torch.zeros(3, 5)
    assert generating.kl_to_normal(zeros, zeros).tolist() == [0, 0, 0]


def test_draws_have_the_mean_and_variance_that_were_asked_for():
    mean, log_variance = torch.tensor([[2.0, -1.0]]), torch.tensor([[-2.0, 1.0]])
    many = 40_000
    drawn = generating.reparameterize(
        mean.expand(many, -1), log_variance.expand(many, -1)
    )
    error = (log_variance / 2).exp() / many**0.5
    assert ((drawn.mean(0) - mean).abs() < 5 * error).all()
    torch.testing.assert_close(
        drawn.var(0)[None], log_variance.exp(), rtol=0.05, atol=0
    )


def test_gradients_flow_through_a_draw():
    mean, log_variance = (x.requires_grad_() for x in codes())
    torch.manual_seed(3)
    drawn = generating.reparameterize(mean, log_variance)
    drawn.sum().backward()
    torch.testing.assert_close(mean.grad, torch.ones_like(mean))
    # d(deviation x noise) / d(log variance) is half of deviation x noise.
    torch.testing.assert_close(log_variance.grad, (drawn - mean).detach() / 2)


def test_the_loss_of_a_vae_is_the_negative_evidence_bound_of_an_image():
    mean, log_variance = codes(5)
    logits = torch.randn(5, 1, 3, 2, dtype=torch.float64)
    images = torch.rand_like(logits)
    expected = 0.0
    for image in range(5):
        p, x = logits[image].sigmoid(), images[image]
        expected -= (x * p.log() + (1 - x) * (1 - p).log()).sum() / 5
        given = Normal(mean[image], (log_variance[image] / 2).exp())
        expected += kl_divergence(given, Normal(0.0, 1.0)).sum() / 5
    found = generating.vae_loss((logits, mean, log_variance), images)
    torch.testing.assert_close(found, expected)


# -- flow matching ---------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(6, 3), (6, 1, 4, 4), (6,)])
def test_ways_are_straight_from_noise_to_data(shape):
    data, noise = torch.randn(2, *shape, dtype=torch.float64)
    start, _ = generating.flow_pair(data, noise, torch.zeros(6))
    end, velocity = generating.flow_pair(data, noise, torch.ones(6))
    torch.testing.assert_close(start, noise)
    torch.testing.assert_close(end, data)
    t = torch.rand(6, dtype=torch.float64)
    here, same = generating.flow_pair(data, noise, t)
    assert torch.equal(same, velocity)
    for sample in range(6):
        rest = (1 - t[sample]) * velocity[sample]
        torch.testing.assert_close(here[sample] + rest, data[sample])


def test_the_velocity_is_the_derivative_of_the_way():
    data, noise = torch.randn(2, 3, dtype=torch.float64)
    way = lambda t: generating.flow_pair(data, noise, t)[0]  # noqa: E731
    slope = torch.autograd.functional.jacobian(way, torch.rand(3, dtype=torch.float64))
    torch.testing.assert_close(slope.diagonal(), data - noise)


def test_the_loss_asks_at_a_point_of_the_way_for_its_velocity():
    data = torch.randn(400, 2, dtype=torch.float64)
    asked = {}

    def velocity(x, t):
        asked.update(x=x, t=t)
        return torch.zeros_like(x)

    loss = generating.flow_loss(velocity, data)
    # From where it was asked and the data, noise follows: x = (1 - t) noise + t data.
    t = asked["t"][:, None]
    noise = (asked["x"] - t * data) / (1 - t)
    torch.testing.assert_close(loss, ((data - noise) ** 2).mean(), rtol=1e-3, atol=0)
    assert asked["t"].min() < 0.1
    assert asked["t"].max() > 0.9


@pytest.mark.parametrize("steps", [1, 4, 20])
def test_euler_meets_the_end_of_a_straight_way_in_any_number_of_steps(steps):
    noise, data = torch.randn(2, 5, 3, dtype=torch.float64)
    times = []

    def velocity(x, t):
        times.append(t)
        return data - noise

    torch.testing.assert_close(generating.flow_steps(velocity, noise, steps), data)
    assert [t.unique().item() for t in times] == pytest.approx(
        [step / steps for step in range(steps)]
    )
    assert all(t.shape == (5,) for t in times)


def test_more_steps_come_closer_to_the_end_of_a_curved_way():
    noise = torch.ones(1, 1, dtype=torch.float64)
    grow = lambda x, t: x * 2 * t[:, None]  # noqa: E731  dx/dt = 2 t x ends at e
    errors = [
        abs(generating.flow_steps(grow, noise, steps).item() - math.e)
        for steps in (1, 4, 20, 200)
    ]
    assert errors == sorted(errors, reverse=True)
    # Euler's error is proportional to the length of a step.
    assert errors[2] / errors[3] == pytest.approx(10, rel=0.1)


@pytest.mark.parametrize(("place", "width"), [(2.0, 0.5), (-1.0, 1.5)])
def test_the_exact_velocity_turns_noise_into_a_gaussian(place, width):
    def velocity(x, t):
        # The mean velocity at x of all ways from N(0, 1) to N(place, width^2).
        t = t[:, None]
        variance = (1 - t) ** 2 + (t * width) ** 2
        return place + (t * width**2 - (1 - t)) / variance * (x - t * place)

    noise = torch.randn(20_000, 1, dtype=torch.float64)
    found = generating.flow_steps(velocity, noise, 200)
    torch.testing.assert_close(found, place + width * noise, atol=0.05, rtol=0.02)
    # And nobody has a lower loss: a shifted velocity has a higher one.
    data = place + width * torch.randn(20_000, 1, dtype=torch.float64)
    losses = []
    for shift in (-0.3, 0, 0.3):
        torch.manual_seed(7)  # not the seed that data were drawn with
        shifted = partial(lambda s, x, t: velocity(x, t) + s, shift)
        losses.append(generating.flow_loss(shifted, data).item())
    assert losses[1] == min(losses)


def test_guidance_goes_on_from_the_unconditional_velocity_through_the_other():
    conditional, unconditional = torch.randn(2, 4, 3)
    push = partial(generating.guided, conditional, unconditional)
    assert torch.equal(push(0), conditional)
    torch.testing.assert_close(push(-1), unconditional)
    torch.testing.assert_close(push(2), 3 * conditional - 2 * unconditional)


# -- what samples are worth ------------------------------------------------------------


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(("rows", "dimensions"), [(50, 3), (200, 16), (8, 1)])
def test_the_distance_is_that_of_scipys_square_root(seed, rows, dimensions):
    rng = np.random.default_rng(seed)
    mix = rng.normal(size=(dimensions, dimensions))
    features = rng.normal(size=(rows, dimensions)) @ mix
    others = 1 + 2 * rng.normal(size=(rows + 9, dimensions))
    C1, C2 = (np.cov(x.T).reshape(dimensions, dimensions) for x in (features, others))
    root = sqrtm(C1 @ C2).real
    means = features.mean(0) - others.mean(0)
    expected = means @ means + np.trace(C1 + C2 - 2 * root)
    found = generating.frechet_distance(features, others)
    assert found == pytest.approx(expected, rel=1e-6)
    assert generating.frechet_distance(others, features) == pytest.approx(found)


def test_of_diagonal_gaussians_the_distance_has_a_closed_form():
    rng = np.random.default_rng(0)
    whole = rng.normal(size=(100, 4))
    whole -= whole.mean(0)
    # Columns that are uncorrelated, with mean 0 and variance 1, exactly.
    white = np.linalg.qr(whole)[0] * np.sqrt(99)
    widths, others, shift = np.array([1, 2, 0.5, 0]), np.array([3, 2, 1, 1]), 0.7
    expected = 4 * shift**2 + ((widths - others) ** 2).sum()
    found = generating.frechet_distance(white * widths, white * others + shift)
    assert found == pytest.approx(expected)


def test_the_distance_to_itself_is_none_even_with_more_columns_than_rows():
    features = torch.randn(10, 30)
    assert generating.frechet_distance(features, features) == pytest.approx(0, abs=1e-4)
    moved = generating.frechet_distance(features, features + 2)
    assert moved == pytest.approx(30 * 4, rel=1e-3)


def test_classes_covered_are_as_many_as_are_equally_frequent():
    assert generating.classes_covered(torch.arange(1000) % 10) == pytest.approx(10)
    assert generating.classes_covered([3] * 8) == 1
    assert generating.classes_covered(np.array([1, 1, 7, 7])) == pytest.approx(2)
    # Half ones, the rest equally sevens and nines: between 2 and 3.
    uneven = generating.classes_covered([1, 1, 7, 9])
    assert uneven == pytest.approx(2**1.5)


def test_a_judge_is_sure_of_what_is_more_likely_than_the_threshold():
    probabilities = torch.tensor([[0.95, 0.05], [0.5, 0.5], [0.08, 0.92], [0.1, 0.9]])
    assert generating.sure_share(probabilities) == 0.5
    assert generating.sure_share(probabilities, 0.93) == 0.25
    assert generating.sure_share(probabilities, 0.5) == 0.75  # half is not more
    assert generating.sure_share(probabilities, 0) == 1


# -- what makes no sense ---------------------------------------------------------------

ROWS, ROW = torch.zeros(3, 2), torch.zeros(3)
PIXELS = torch.full((3, 1, 2, 2), 0.5)


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda g: g.kl_to_normal(ROW, ROW), r"must be \(N, D\).* mean\[None\]"),
        (lambda g: g.kl_to_normal(ROWS, ROWS[:1]), r"\(3, 2\) .* \(1, 2\) must have"),
        (lambda g: g.reparameterize(ROWS, ROWS[:, :1]), "must have one shape"),
        (
            lambda g: g.vae_loss((PIXELS, ROWS, ROWS), 255 * PIXELS),
            "from 0 to 1, got 127.5 to 127.5: divide",
        ),
        (lambda g: g.vae_loss((PIXELS[:1], ROWS, ROWS), PIXELS), "one shape"),
        (lambda g: g.flow_pair(ROWS, ROWS[:1], ROW), "must have one shape"),
        (lambda g: g.flow_pair(ROWS, ROWS, ROWS), r"t must be \(3,\), .* got \(3, 2\)"),
        (lambda g: g.flow_pair(ROWS, ROWS, ROW + 20), "got 20 to 20: divide steps"),
        (lambda g: g.flow_steps(lambda x, t: x, ROWS, 0), "steps must be .* got 0"),
        (lambda g: g.guided(ROWS, ROW, 1), "must have one shape"),
        (lambda g: g.guided(ROWS, ROWS, -2), "from -1 on, got -2"),
        (lambda g: g.guided(ROWS, ROWS, float("nan")), "from -1 on, got nan"),
        (lambda g: g.frechet_distance(ROWS[:1], ROWS), r"features .* shape \(1, 2\)"),
        (lambda g: g.frechet_distance(ROWS, ROW), r"others must .* shape \(3,\)"),
        (lambda g: g.frechet_distance(ROWS, ROWS / 0), "others hold NaN"),
        (lambda g: g.frechet_distance(ROWS, ROWS[:, :1]), "2 columns and others 1"),
        (lambda g: g.classes_covered([]), r"shape \(0,\)"),
        (lambda g: g.classes_covered(ROWS), "got float32 of .* logits.argmax"),
        (lambda g: g.sure_share(ROWS + 3), "sum of 6 .* logits.softmax"),
        (lambda g: g.sure_share(ROW), r"\(N, classes\), got shape \(3,\)"),
        (lambda g: g.sure_share(ROWS + 0.5, 1), "below 1, got 1"),
    ],
)
def test_what_makes_no_sense_is_refused_with_the_way_out(call, says):
    with pytest.raises(ValueError, match=says):
        call(generating)
