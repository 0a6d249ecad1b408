import re

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional as F

from bigmodel_lab.from_scratch.losses import binary_cross_entropy, cross_entropy, mse

SHAPES = st.lists(st.integers(1, 5), max_size=3)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@settings(deadline=None)
@given(shape=SHAPES, seed=st.integers(0, 2**31))
def test_value_and_gradient_equal_pytorch(dtype, shape, seed):
    generator = torch.Generator().manual_seed(seed)
    ours, targets = (
        torch.randn(shape, dtype=dtype, generator=generator) for _ in range(2)
    )
    theirs = ours.clone().requires_grad_()
    ours.requires_grad_()
    loss, expected = mse(ours, targets), torch.nn.functional.mse_loss(theirs, targets)
    assert loss.shape == ()
    assert loss.dtype == dtype
    torch.testing.assert_close(loss, expected)
    loss.backward()
    expected.backward()
    torch.testing.assert_close(ours.grad, theirs.grad)


def test_gradient_equals_finite_differences():
    generator = torch.Generator().manual_seed(0)
    predictions, targets = (
        torch.randn(4, 3, dtype=torch.float64, generator=generator) for _ in range(2)
    )
    assert torch.autograd.gradcheck(mse, (predictions.requires_grad_(), targets))


@pytest.mark.parametrize("shapes", [((5, 1), (5,)), ((5,), (1,)), ((5,), ())])
def test_shapes_that_would_broadcast_are_refused(shapes):
    predictions, targets = map(torch.zeros, shapes)
    with pytest.raises(ValueError, match="must have one shape") as error:
        mse(predictions, targets)
    assert all(str(shape) in str(error.value) for shape in shapes)


def test_an_empty_batch_is_refused():
    with pytest.raises(ValueError, match="at least one prediction"):
        mse(torch.zeros(0), torch.zeros(0))


# -- classification --------------------------------------------------------------------

DTYPES = pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
SIZES = {"rows": st.integers(1, 6), "classes": st.integers(1, 5)}
SEED = st.integers(0, 2**31)


def assert_same(ours, theirs, logits, targets):
    """Assert that our loss is theirs, computed in float64, in value and in gradient.

    In float32 theirs cannot judge: with logits near 1,000 both lose some digits.
    """
    mine = logits.clone().requires_grad_()
    exact = logits.clone().double().requires_grad_()
    loss = ours(mine, targets)
    shares = targets.is_floating_point()
    reference = theirs(exact, targets.double() if shares else targets)
    assert loss.shape == ()
    assert loss.dtype == logits.dtype
    size = logits.abs().max().item()  # losses are differences of numbers of this size
    error = 1e-5 + 4 * torch.finfo(logits.dtype).eps * size
    torch.testing.assert_close(
        loss.double(), reference, rtol=1.3e-6, atol=error, check_dtype=False
    )
    loss.backward()
    reference.backward()
    torch.testing.assert_close(mine.grad.double(), exact.grad, rtol=1.3e-6, atol=1e-5)


def theirs_binary(logits, targets):
    return F.binary_cross_entropy_with_logits(logits, targets.to(logits.dtype))


@DTYPES
@settings(deadline=None)
@given(shape=SHAPES, seed=SEED, scale=st.sampled_from([0, 1, 1000]))
def test_binary_cross_entropy_equals_pytorch(dtype, shape, seed, scale):
    generator = torch.Generator().manual_seed(seed)
    logits = scale * torch.randn(shape, dtype=dtype, generator=generator)
    shares = torch.rand(shape, dtype=dtype, generator=generator)
    for targets in (shares, shares.round(), shares.round().long(), shares > 0.5):
        assert_same(binary_cross_entropy, theirs_binary, logits, targets)


@DTYPES
@settings(deadline=None)
@given(**SIZES, seed=SEED, scale=st.sampled_from([0, 1, 1000]))
def test_cross_entropy_equals_pytorch(dtype, rows, classes, seed, scale):
    generator = torch.Generator().manual_seed(seed)
    logits = scale * torch.randn((rows, classes), dtype=dtype, generator=generator)
    labels = torch.randint(classes, (rows,), generator=generator)
    assert_same(cross_entropy, F.cross_entropy, logits, labels)
    assert torch.equal(
        cross_entropy(logits, labels.int()), cross_entropy(logits, labels)
    )
    shares = torch.rand((rows, classes), dtype=dtype, generator=generator).softmax(1)
    assert_same(cross_entropy, F.cross_entropy, logits, shares)


@pytest.mark.parametrize("loss", [binary_cross_entropy, cross_entropy])
def test_gradients_equal_finite_differences(loss):
    logits = torch.randn(4, 3, dtype=torch.float64, requires_grad=True)
    targets = torch.rand(4, 3, dtype=torch.float64).softmax(1)
    assert torch.autograd.gradcheck(loss, (logits, targets))


def test_logits_of_a_thousand_give_the_right_value():
    z = torch.tensor([1000.0, -1000.0])
    assert binary_cross_entropy(z, torch.tensor([1.0, 0.0])).item() == 0
    assert binary_cross_entropy(z, torch.tensor([0.0, 1.0])).item() == 1000
    rows = torch.tensor([[1000.0, -1000.0], [-1000.0, 1000.0]])
    assert cross_entropy(rows, torch.tensor([0, 1])).item() == 0
    assert cross_entropy(rows, torch.tensor([1, 0])).item() == 2000


def test_all_zero_targets():
    logits = torch.randn(5, 3)
    assert cross_entropy(logits, torch.zeros(5, 3)).item() == 0
    zeros = torch.zeros(5, 3, dtype=torch.long)
    assert_same(binary_cross_entropy, theirs_binary, logits, zeros)


def test_a_single_class_is_certain():
    assert (
        cross_entropy(torch.randn(4, 1), torch.zeros(4, dtype=torch.long)).item() == 0
    )


LOGITS = torch.zeros(4, 3)


@pytest.mark.parametrize(
    ("loss", "logits", "targets", "says"),
    [
        (binary_cross_entropy, torch.zeros(4, 1), torch.zeros(4), "one shape"),
        (binary_cross_entropy, torch.zeros(0), torch.zeros(0), "empty"),
        (binary_cross_entropy, torch.zeros(2), torch.tensor([0.0, 2.0]), "from 0 to 1"),
        (
            binary_cross_entropy,
            torch.zeros(1),
            torch.tensor([torch.nan]),
            "from 0 to 1",
        ),
        (cross_entropy, torch.zeros(0, 3), torch.zeros(0).long(), "N >= 1"),
        (cross_entropy, torch.zeros(4), torch.zeros(4).long(), "(N, classes)"),
        (cross_entropy, LOGITS, torch.zeros(4), "torch.float32 of shape (4,)"),
        (cross_entropy, LOGITS, torch.zeros(5).long(), "shape (5,)"),
        (cross_entropy, LOGITS, torch.zeros(4, 2), "shape (4, 2)"),
        (cross_entropy, LOGITS, torch.tensor([0, 1, 2, 3]), "0 to 2, got 0 to 3"),
        (cross_entropy, LOGITS, torch.tensor([0, 1, 2, -1]), "got -1 to 2"),
    ],
)
def test_bad_classification_input_is_named(loss, logits, targets, says):
    with pytest.raises(ValueError, match=re.escape(says)):
        loss(logits, targets)
