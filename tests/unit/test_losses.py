import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from bigmodel_lab.losses import mse

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
