import pytest
import torch
from torch.nn import functional as F

from bigmodel_lab.from_scratch import activations as a

X = torch.cat([torch.linspace(-20, 20, 201), torch.tensor([-1000.0, 0.0, 1000.0])])


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize(
    ("ours", "theirs"), [(a.sigmoid, torch.sigmoid), (a.relu, torch.relu)]
)
def test_values_and_gradients_equal_pytorch(ours, theirs, dtype):
    mine, expected = (X.to(dtype, copy=True).requires_grad_() for _ in range(2))
    torch.testing.assert_close(ours(mine), theirs(expected), atol=1e-7, rtol=1e-6)
    ours(mine).sum().backward()
    theirs(expected).sum().backward()
    torch.testing.assert_close(mine.grad, expected.grad, atol=1e-7, rtol=1e-6)


@pytest.mark.parametrize(
    ("derivative", "function"),
    [
        (a.sigmoid_derivative, torch.sigmoid),
        (a.tanh_derivative, torch.tanh),
        (a.relu_derivative, torch.relu),
    ],
)
def test_derivatives_equal_autograd(derivative, function):
    x = X.double().requires_grad_()
    function(x).sum().backward()
    torch.testing.assert_close(derivative(x.detach()), x.grad)
    assert derivative(X).dtype == X.dtype


@pytest.mark.parametrize("scale", [1, 1000])
def test_softmax_equals_pytorch(scale):
    logits = scale * torch.randn(5, 4, dtype=torch.float64)
    torch.testing.assert_close(a.softmax(logits), F.softmax(logits, 1))


def test_gradients_equal_finite_differences():
    x = torch.randn(6, 3, dtype=torch.float64, requires_grad=True)
    for function in (a.sigmoid, a.relu, a.softmax):
        assert torch.autograd.gradcheck(function, (x,))
