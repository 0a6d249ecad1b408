"""Generators: a GAN in turns, a VAE, velocities toward digits, networks in files."""

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import nn
from torch.nn.functional import softplus

from bigmodel_lab import Training, accuracy, datasets, generating, models, predict
from bigmodel_lab.results import files


def state(network):
    """Return a copy of a network's parameters, one after the other."""
    return torch.cat([p.detach().flatten().clone() for p in network.parameters()])


# -- the GAN ---------------------------------------------------------------------------


def test_noise_becomes_images_and_images_a_logit(device):
    generator = models.Generator(5).to(device)
    images = generator(torch.randn(7, 5, device=device))
    assert images.shape == (7, 1, 28, 28)
    assert 0 < images.min() < images.max() < 1
    assert models.Discriminator().to(device)(images).shape == (7,)


def test_the_detective_loses_where_it_takes_real_for_made_or_made_for_real():
    generator, discriminator = models.Generator(), models.Discriminator().eval()
    real = torch.rand(6, 1, 28, 28)
    loss = models.detecting(discriminator, generator)
    torch.manual_seed(4)
    found = loss(discriminator(real), torch.ones(6))
    torch.manual_seed(4)
    made = generator(torch.randn(6, 32))
    # -log sigmoid(x) is softplus(-x).
    right = softplus(-discriminator(real)).mean() + softplus(discriminator(made)).mean()
    torch.testing.assert_close(found, right / 2)
    found.backward()
    assert all(p.grad is None for p in generator.parameters())
    assert all(p.grad.abs().sum() > 0 for p in discriminator.parameters())


def test_the_forger_loses_where_its_images_are_not_taken_for_real():
    generator, discriminator = models.Generator(), models.Discriminator().eval()
    images = generator(torch.randn(6, 32))
    found = models.forging(discriminator)(images, torch.ones(6))
    torch.testing.assert_close(found, softplus(-discriminator(images)).mean())
    found.backward()
    assert generator[0].weight.grad.abs().sum() > 0


def gan(steps, batch_size=32):
    """Return a generator, a discriminator, and a training of each."""
    generator, discriminator = models.Generator(), models.Discriminator()
    X, _, _, _ = datasets.mnist()
    # Noise for all steps is drawn at once: a row is used once.
    noise = torch.randn(steps * batch_size, generator.noise)
    trainings = [
        Training(
            network,
            loss,
            torch.optim.Adam(network.parameters(), 5e-4, betas=(0.5, 0.99)),
            (inputs, torch.ones(len(inputs))),
            steps=steps,
            batch_size=batch_size,
        )
        for network, loss, inputs in (
            (discriminator, models.detecting(discriminator, generator), X),
            (generator, models.forging(discriminator), noise),
        )
    ]
    return generator, discriminator, trainings


def test_two_trainings_take_turns_and_each_changes_its_own_network():
    generator, discriminator, (detecting, forging) = gan(steps=2)
    turns = iter(detecting), iter(forging)
    for _ in range(2):
        before = state(generator), state(discriminator)
        next(turns[0])
        assert torch.equal(state(generator), before[0])
        assert not torch.equal(state(discriminator), before[1])
        before = state(generator), state(discriminator)
        next(turns[1])
        assert not torch.equal(state(generator), before[0])
        assert torch.equal(state(discriminator), before[1])


def test_what_the_forger_left_in_the_detectives_gradient_is_cleared():
    generator, discriminator, (detecting, _) = gan(steps=1)
    other, twin, (alone, _) = gan(steps=1)
    twin.load_state_dict(discriminator.state_dict())
    other.load_state_dict(generator.state_dict())
    images = generator(torch.randn(3, 32))
    models.forging(discriminator)(images, torch.ones(3)).backward()
    other.load_state_dict(generator.state_dict())
    for training in (detecting, alone):
        torch.manual_seed(1)
        training.finish()
    assert torch.equal(state(discriminator), state(twin))


def test_in_turns_a_generator_learns_to_put_ink_where_digits_have_it():
    generator, _, (detecting, forging) = gan(steps=100)
    X, _, _, _ = datasets.mnist()
    noise = torch.randn(200, 32)

    def off():
        return (predict(generator, noise).mean(0) - X.mean(0)).abs().mean()

    before = off()
    for _ in zip(detecting, forging, strict=True):
        pass
    assert off() < before / 3
    assert len(forging.losses) == len(detecting.losses) == 100


# -- the VAE ---------------------------------------------------------------------------


def test_a_vae_returns_pixels_and_a_gaussian_for_each_image(device):
    autoencoder = models.VariationalAutoencoder(codes=3, hidden=8).to(device)
    images = torch.rand(5, 1, 28, 28, device=device)
    logits, mean, log_variance = autoencoder(images)
    assert logits.shape == images.shape
    assert mean.shape == log_variance.shape == (5, 3)
    again, *same = autoencoder(images)
    assert torch.equal(same[0], mean)
    assert not torch.equal(again, logits)  # the code is drawn anew


def test_decoded_is_what_the_decoder_says_of_a_code():
    autoencoder = models.VariationalAutoencoder(codes=3)
    torch.manual_seed(1)
    logits, mean, log_variance = autoencoder(torch.rand(5, 1, 28, 28))
    torch.manual_seed(1)
    torch.rand(5, 1, 28, 28)
    codes = generating.reparameterize(mean, log_variance)
    torch.testing.assert_close(autoencoder.decode(codes), logits.sigmoid())


def test_a_vae_learns_to_return_its_input():
    X, _, test, _ = datasets.mnist()
    autoencoder = models.VariationalAutoencoder()
    training = Training(
        autoencoder,
        generating.vae_loss,
        torch.optim.Adam(autoencoder.parameters(), 2e-3),
        (X, X),
        validation=(test, test),
        epochs=3,
        batch_size=64,
    ).finish()
    assert training.history["validation_loss"].iloc[-1] < 160 < training.losses[0]
    with torch.no_grad():
        again = autoencoder.decode(autoencoder.encode(test)[0])
    blank = (test - X.mean(0)).pow(2).mean()
    assert (test - again).pow(2).mean() < 0.6 * blank


# -- velocities ------------------------------------------------------------------------

DIGITS = torch.tensor([0, 3, 9, 9])


def test_guidance_asks_for_the_digit_and_for_any(device):
    network = models.VelocityNetwork(codes=5).to(device)
    digits, x = DIGITS.to(device), torch.randn(4, 5, device=device)
    t = torch.rand(4, device=device)
    asked, any_digit = network(x, t, digits), network(x, t, torch.full_like(digits, 10))
    assert asked.shape == (4, 5)
    assert not torch.equal(asked, any_digit)
    torch.testing.assert_close(network.toward(digits)(x, t), asked)
    found = network.toward(digits, 2.5)(x, t)
    torch.testing.assert_close(found, generating.guided(asked, any_digit, 2.5))


@pytest.mark.parametrize(("guidance", "times"), [(0, 1), (-1, 2), (3.0, 2)])
def test_without_guidance_the_network_is_asked_once_a_step(guidance, times):
    network, asked = models.VelocityNetwork(codes=5), []
    network.register_forward_hook(lambda *_: asked.append(1))
    noise = torch.randn(4, 5)
    generating.flow_steps(network.toward(DIGITS, guidance), noise, 3)
    assert len(asked) == 3 * times


@pytest.mark.parametrize(("drop", "asked"), [(0, DIGITS), (1, torch.full((4,), 10))])
def test_dropped_digits_are_any(drop, asked):
    network = models.VelocityNetwork(codes=5)
    x, t = torch.randn(4, 5), torch.rand(4)
    found = models.FlowMatching(network, drop)(DIGITS)(x, t)
    torch.testing.assert_close(found, network(x, t, asked))


def test_a_tenth_of_the_digits_is_dropped_anew_each_time():
    network = models.VelocityNetwork(codes=5)
    asked = []
    network.toward = lambda digits: asked.append(digits)
    matching = models.FlowMatching(network)
    for _ in range(2):
        matching(torch.zeros(5000, dtype=torch.long))
    first, second = ((digits == 10).float() for digits in asked)
    assert first.mean() == pytest.approx(0.1, abs=0.02)
    assert not torch.equal(first, second)


def test_a_network_learns_where_the_codes_of_each_class_are():
    y = torch.arange(600) % 3
    places = torch.tensor([[3.0, 0.0], [-3.0, 0.0], [0.0, 3.0]])
    codes = places[y] + 0.2 * torch.randn(600, 2)
    network = models.VelocityNetwork(codes=2, classes=3, hidden=64)
    matching = models.FlowMatching(network)
    Training(
        matching,
        generating.flow_loss,
        torch.optim.AdamW(network.parameters(), 5e-3),
        (y, codes),
        steps=300,
        batch_size=200,
    ).finish()
    with torch.no_grad():
        found = generating.flow_steps(network.toward(y), torch.randn(600, 2), 20)
        wild = generating.flow_steps(
            network.toward(torch.full_like(y, 3)), torch.randn(600, 2), 20
        )
    near = torch.cdist(found, places).argmin(1)
    assert (near == y).float().mean() > 0.99
    assert (found - places[y]).norm(dim=1).mean() < 0.6
    # Who asks for any gets all of them.
    assert torch.cdist(wild, places).argmin(1).bincount(minlength=3).min() > 120


def test_an_image_of_a_digit_is_a_code_that_was_decoded():
    network, autoencoder = models.VelocityNetwork(5), models.VariationalAutoencoder(5)
    noise = torch.randn(4, 5)
    found = models.draw_digits(network, autoencoder, DIGITS, 1, noise=noise)
    code = noise + network(noise, torch.zeros(4), DIGITS)
    torch.testing.assert_close(found, autoencoder.decode(code))
    assert not found.requires_grad
    anew = models.draw_digits(network, autoencoder, DIGITS, 4, 1.0)
    assert anew.shape == (4, 1, 28, 28)
    assert not torch.equal(anew, models.draw_digits(network, autoencoder, DIGITS, 4, 1))


# -- networks in files -----------------------------------------------------------------


def test_the_stored_networks_are_small_and_draw_the_digit_that_is_asked_for():
    judge, facts = models.trained("judge")
    _, _, test, y = datasets.mnist()
    right = accuracy(y, predict(judge, test))
    assert right == pytest.approx(float(facts["accuracy_of_800_kept_back"]), abs=0.03)
    autoencoder, velocity = (
        models.trained(name)[0] for name in ("autoencoder", "velocity")
    )
    asked = torch.arange(500) % 10
    for steps, guidance in ((20, 0), (4, 2)):
        made = models.draw_digits(velocity, autoencoder, asked, steps, guidance)
        assert accuracy(asked, predict(judge, made)) > 0.85
    for name in models.ready.STORED:
        path = files("bigmodel_lab.results") / f"{name}.safetensors"
        assert path.stat().st_size < 1_000_000


def test_features_of_the_judge_are_what_its_last_layer_sees():
    judge = models.digit_judge()
    images = torch.rand(3, 1, 28, 28)
    features = judge[:-1](images)
    assert features.shape == (3, 64)
    torch.testing.assert_close(judge[-1](features), judge(images))


def test_what_is_kept_comes_back_in_half_precision(tmp_path):
    network = models.VelocityNetwork()
    models.keep(network, tmp_path / "own.safetensors", seed="3")
    again, facts = models.trained("velocity", tmp_path / "own.safetensors")
    assert facts == {"seed": "3"}
    assert not again.training
    for name, weight in again.state_dict().items():
        assert weight.dtype == torch.float32
        assert torch.equal(weight, network.state_dict()[name].half().float())


def test_a_file_that_is_no_such_network_is_named(tmp_path):
    path = tmp_path / "a.safetensors"
    with pytest.raises(ValueError, match="no network 'poet'; there are 'judge', 'aut"):
        models.trained("poet")
    with pytest.raises(ValueError, match=r"a\.safetensors does not hold the judge"):
        models.trained("judge", path)
    path.write_bytes(b"digits")
    with pytest.raises(ValueError, match=r"does not hold the judge .*it is damaged"):
        models.trained("judge", path)
    models.keep(models.digit_judge(), path)
    with pytest.raises(ValueError, match="does not hold the velocity"):
        models.trained("velocity", path)
    save_file(load_file(path), path)  # without a version
    with pytest.raises(ValueError, match="version is none"):
        models.trained("judge", path)


# -- what makes no sense ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: models.Generator(0), "noise must be .* got 0"),
        (lambda: models.VariationalAutoencoder(codes=0), "codes must be .* got 0"),
        (lambda: models.VelocityNetwork(hidden=2.5), "hidden must be .* got 2.5"),
        (
            lambda: models.VariationalAutoencoder(4).decode(torch.zeros(2, 5)),
            r"codes must be \(N, 4\), got \(2, 5\): .* trained together",
        ),
        (
            lambda: models.VelocityNetwork(5)(
                torch.zeros(4, 6), torch.zeros(4), DIGITS
            ),
            r"codes must be \(N, 5\)",
        ),
        (
            lambda: models.draw_digits(
                models.VelocityNetwork(), models.VariationalAutoencoder(), DIGITS + 2
            ),
            r"digits must be from 0 to 10 \(10 for any\), got 2 to 11",
        ),
        (
            lambda: models.draw_digits(
                models.VelocityNetwork(),
                models.VariationalAutoencoder(),
                DIGITS.float(),
            ),
            r"whole numbers \(N,\).* got torch.float32",
        ),
        (
            lambda: models.FlowMatching(nn.Identity(), 1.5),
            "drop must be a share from 0 to 1, got 1.5",
        ),
    ],
)
def test_what_makes_no_sense_is_refused_with_the_way_out(call, says):
    with pytest.raises(ValueError, match=says):
        call()
