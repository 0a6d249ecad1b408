"""Optimizers written from their formulas; each `update` is one rule for one tensor."""

from collections.abc import Callable, Iterable

import torch

from bigmodel_lab.from_scratch._checks import check_matrices, check_optimizer

Parameters = Iterable[torch.nn.Parameter]


class _FromFormula(torch.optim.Optimizer):
    """Walk over the parameters and leave the rule to `update`."""

    def __init__(self, parameters, learning_rate, **options):
        """Check the settings and hand them to PyTorch.

        Raises
        ------
        ValueError
            If a setting is out of range; the message names it.
        """
        check_optimizer(learning_rate, options)
        # "lr" is the name that PyTorch's schedules look for.
        super().__init__(parameters, {"lr": learning_rate} | options)

    @torch.no_grad()
    def step(self, closure: Callable | None = None):
        """Take one step downhill; `closure`, if given, computes the loss again."""
        # A step is not part of the model, so autograd must not record it. The closure's
        # loss and its gradients do need autograd.
        with torch.enable_grad():
            loss = closure() if closure is not None else None
        # A group is a set of parameters with the same settings; mostly there is one.
        for group in self.param_groups:
            # PyTorch adds names of its own to the defaults that it never fills in.
            options = {name: group[name] for name in self.defaults if name in group}
            # A parameter without a gradient had no part in the loss: it stays.
            used = [theta for theta in group["params"] if theta.grad is not None]
            self.update_all(used, options)
        return loss

    def update_all(self, parameters, options):
        """Move parameters of the same settings one step, in place."""
        for theta in parameters:
            # `state` is what a rule remembers of a parameter between steps.
            self.update(theta, theta.grad, self.state[theta], **options)


class GradientDescent(_FromFormula):
    """Gradient descent, with momentum if asked for (D0 §4.1; Sutskever et al. 2013).

        velocity <- momentum * velocity + gradient
        theta    <- theta - lr * velocity

    Whether it is batch, stochastic or mini-batch gradient descent depends on the batch
    that the gradient was taken on.

    Parameters
    ----------
    parameters : iterable of torch.nn.Parameter
        What to train, as in `model.parameters()`.
    learning_rate : float
        The step size, above 0.
    momentum : float
        Share of the velocity that a step keeps, from 0 to below 1.
    nesterov : bool
        Look ahead: take the gradient's step from where the velocity will lead.
    weight_decay : float
        Adds `weight_decay * theta` to the gradient: the L2 penalty, halved.

    Raises
    ------
    ValueError
        If a setting is out of range, or nesterov is asked for without momentum.
    """

    def __init__(
        self,
        parameters: Parameters,
        learning_rate: float,
        momentum: float = 0.0,
        nesterov: bool = False,
        weight_decay: float = 0.0,
    ):
        options = {"momentum": momentum, "nesterov": nesterov}
        super().__init__(
            parameters, learning_rate, **options, weight_decay=weight_decay
        )

    @staticmethod
    def update(theta, gradient, state, lr, momentum, nesterov, weight_decay):
        """Move `theta` one step, in place."""
        # The gradient of the penalty weight_decay * theta² / 2: a pull toward 0.
        gradient = gradient + weight_decay * theta
        if momentum:
            # Earlier gradients live on in the velocity, a little weaker at each step.
            # Where they agree it grows, where they alternate they cancel out.
            velocity = momentum * state.get("velocity", 0) + gradient
            state["velocity"] = velocity
            # Nesterov adds the part of the velocity that the next step will keep.
            gradient = gradient + momentum * velocity if nesterov else velocity
        # Downhill is against the gradient. `-=` writes into the model's own tensor.
        theta -= lr * gradient


class Adagrad(_FromFormula):
    """Steps that shrink with all the squared gradients so far (Duchi et al. 2011).

        total <- total + gradient²
        theta <- theta - lr * gradient / (√total + epsilon)

    Parameters and errors as in `GradientDescent`; `epsilon` keeps the quotient finite.
    """

    def __init__(
        self,
        parameters: Parameters,
        learning_rate: float = 0.01,
        weight_decay: float = 0.0,
        epsilon: float = 1e-10,
    ):
        options = {"weight_decay": weight_decay, "epsilon": epsilon}
        super().__init__(parameters, learning_rate, **options)

    @staticmethod
    def update(theta, gradient, state, lr, weight_decay, epsilon):
        """Move `theta` one step, in place."""
        gradient = gradient + weight_decay * theta
        # One total for each number in theta: steep directions collect a large one.
        total = state["total"] = state.get("total", 0) + gradient**2
        # So each direction has its own step size, and all of them only ever shrink.
        theta -= lr * gradient / (total.sqrt() + epsilon)


class RMSprop(_FromFormula):
    """Adagrad that forgets: a running mean of the squares (Hinton's lecture 6e, 2012).

        mean_square <- decay * mean_square + (1 - decay) * gradient²
        theta       <- theta - lr * gradient / (√mean_square + epsilon)

    Parameters and errors as in `GradientDescent`; `decay` is called alpha in PyTorch.
    """

    def __init__(
        self,
        parameters: Parameters,
        learning_rate: float = 0.01,
        decay: float = 0.99,
        weight_decay: float = 0.0,
        epsilon: float = 1e-8,
    ):
        options = {"decay": decay, "weight_decay": weight_decay, "epsilon": epsilon}
        super().__init__(parameters, learning_rate, **options)

    @staticmethod
    def update(theta, gradient, state, lr, decay, weight_decay, epsilon):
        """Move `theta` one step, in place."""
        gradient = gradient + weight_decay * theta
        # A mean over about the last 1 / (1 - decay) steps, where Adagrad has a sum over
        # all: steps can grow again once the gradients are small.
        mean_square = decay * state.get("mean_square", 0) + (1 - decay) * gradient**2
        state["mean_square"] = mean_square
        # Divided by its own usual size, a gradient is about 1: a step is about lr long.
        theta -= lr * gradient / (mean_square.sqrt() + epsilon)


class Adam(_FromFormula):
    """Momentum and RMSprop together, each bias-corrected (Kingma & Ba 2015).

        m <- beta1 * m + (1 - beta1) * gradient     m̂ = m / (1 - beta1^t)
        v <- beta2 * v + (1 - beta2) * gradient²    v̂ = v / (1 - beta2^t)
        theta <- theta - lr * m̂ / (√v̂ + epsilon)

    The recursion printed in D0 §4.1 is another one: it defines m and s twice.
    Parameters and errors as in `GradientDescent`; `betas` is (beta1, beta2).
    """

    def __init__(
        self,
        parameters: Parameters,
        learning_rate: float = 0.001,
        betas: tuple[float, float] = (0.9, 0.999),
        weight_decay: float = 0.0,
        epsilon: float = 1e-8,
    ):
        options = {"betas": betas, "weight_decay": weight_decay, "epsilon": epsilon}
        super().__init__(parameters, learning_rate, **options)

    @staticmethod
    def update(theta, gradient, state, lr, betas, weight_decay, epsilon):
        """Move `theta` one step, in place."""
        gradient = gradient + weight_decay * theta
        beta1, beta2 = betas
        # t counts the steps of this parameter, from 1.
        t = state["t"] = state.get("t", 0) + 1
        # Running means of the gradient (momentum) and of its square (RMSprop).
        m = state["m"] = beta1 * state.get("m", 0) + (1 - beta1) * gradient
        v = state["v"] = beta2 * state.get("v", 0) + (1 - beta2) * gradient**2
        # Both began at 0, so at first they are too small: after one step m is only
        # (1 - beta1) * gradient. The division makes up for it, less with every step.
        m_hat, v_hat = m / (1 - beta1**t), v / (1 - beta2**t)
        # Where gradients agree, m_hat is about as large as √v_hat: a step about lr
        # long. Where they are mostly noise, m_hat is smaller, and so is the step.
        theta -= lr * m_hat / (v_hat.sqrt() + epsilon)


class AdamW(Adam):
    """Adam with the weight decay outside the quotient (Loshchilov & Hutter 2019).

        theta <- (1 - lr * weight_decay) * theta, then Adam's step without decay

    Parameters and errors as in `Adam`; `weight_decay` is 0.01 if not given.
    """

    def __init__(
        self,
        parameters: Parameters,
        learning_rate: float = 0.001,
        betas: tuple[float, float] = (0.9, 0.999),
        weight_decay: float = 0.01,
        epsilon: float = 1e-8,
    ):
        super().__init__(parameters, learning_rate, betas, weight_decay, epsilon)

    @staticmethod
    def update(theta, gradient, state, lr, betas, weight_decay, epsilon):
        """Move `theta` one step, in place."""
        # Inside Adam's gradient the decay would be divided by √v, too: weights with
        # large gradients would hardly decay. Here all shrink by the same share.
        theta *= 1 - lr * weight_decay
        Adam.update(theta, gradient, state, lr, betas, 0.0, epsilon)


class Muon(_FromFormula):
    """Momentum whose steps turn, but never stretch: for matrices (Jordan 2024).

        mean  <- momentum * mean + (1 - momentum) * gradient
        theta <- (1 - lr * weight_decay) * theta - lr * 0.2 √(larger side) * U

    where U is the nearest matrix to the gradient, mixed with the mean, whose singular
    values are about 1 (`orthogonalized`). An entry of the step is about 0.2 in size, as
    Adam's (Liu and others, 2025), so that both can share a learning rate.

    For the matrices inside a network; embeddings, heads and vectors go to `AdamW`, and
    `Together` makes one optimizer of both.

    Parameters and errors as in `GradientDescent`; a parameter that is not a matrix is a
    ValueError, too.
    """

    def __init__(
        self,
        parameters: Parameters,
        learning_rate: float = 0.01,
        momentum: float = 0.95,
        weight_decay: float = 0.1,
    ):
        parameters = list(parameters)
        check_matrices(parameters)
        options = {"momentum": momentum, "weight_decay": weight_decay}
        super().__init__(parameters, learning_rate, **options)

    def update_all(self, parameters, options):
        """Move matrices of the same settings one step, in place."""
        shapes = {theta.shape: [] for theta in parameters}
        for theta in parameters:
            shapes[theta.shape].append(theta)
        # Those of one shape at once: each alone is too small to keep two cores busy.
        for same in shapes.values():
            ahead = [self.ahead(theta, options["momentum"]) for theta in same]
            turned = orthogonalized(torch.stack(ahead))  # (matrices, m, n)
            for theta, U in zip(same, turned, strict=True):
                self.update(theta, U, options["lr"], options["weight_decay"])

    def ahead(self, theta, momentum):
        """Return where the mean gradient of `theta` is heading."""
        mean = self.state[theta].get("mean", torch.zeros_like(theta))
        mean = self.state[theta]["mean"] = mean.lerp(theta.grad, 1 - momentum)
        # Nesterov's look ahead: the mean, with the newest gradient once more.
        return theta.grad.lerp(mean, momentum)

    @staticmethod
    def update(theta, U, lr, weight_decay):
        """Move `theta` one step along U, in place."""
        # A gradient is large in few directions. With all singular values at 1, the rare
        # directions are learned as fast as the common ones.
        theta *= 1 - lr * weight_decay
        theta -= lr * 0.2 * max(theta.shape) ** 0.5 * U


def orthogonalized(matrices: torch.Tensor, rounds: int = 5) -> torch.Tensor:
    """Return matrices (..., m, n) with singular values of about 1 (0.7 to 1.2).

    U Vᵀ of the singular value decomposition, roughly: Newton-Schulz iterations need
    only products of matrices. In float32, since a CPU is slow at bfloat16.
    """
    # Singular values at most 1, or the iteration runs away.
    X = matrices / (matrices.norm(dim=(-2, -1), keepdim=True) + 1e-7)
    # X Xᵀ is smaller than Xᵀ X if X is wide.
    X = X.mT if (tall := X.shape[-2] > X.shape[-1]) else X
    for _ in range(rounds):
        A = X @ X.mT
        # A polynomial of X: each singular value s becomes a s + b s³ + c s⁵, which lies
        # between 0.7 and 1.2 after five rounds, wherever it began.
        X = 3.4445 * X + (-4.7750 * A + 2.0315 * A @ A) @ X
    return X.mT if tall else X


class Together(torch.optim.Optimizer):
    """Several optimizers as one: each keeps its parameters, its rule and its state."""

    def __init__(self, *optimizers: torch.optim.Optimizer):
        self.optimizers = optimizers
        # Their groups themselves, not copies: a schedule reaches all learning rates.
        super().__init__([g for one in optimizers for g in one.param_groups], {})

    def step(self, closure: Callable | None = None):
        """Let each take a step; `closure`, if given, computes the loss again."""
        with torch.enable_grad():
            loss = closure() if closure is not None else None
        for one in self.optimizers:
            one.step()
        return loss

    def __getstate__(self):
        """Return what a copy is made of; PyTorch's copies only know one optimizer."""
        return super().__getstate__() | {"optimizers": self.optimizers}

    def state_dict(self) -> dict:
        """Return the states of all."""
        return {"optimizers": [one.state_dict() for one in self.optimizers]}

    def load_state_dict(self, state: dict) -> None:
        """Go back to what `state_dict` returned."""
        for one, its in zip(self.optimizers, state["optimizers"], strict=True):
            one.load_state_dict(its)
        self.param_groups = [g for one in self.optimizers for g in one.param_groups]
