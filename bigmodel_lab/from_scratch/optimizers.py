"""Optimizers written from their formulas; each `update` is one rule for one tensor."""

import math

import torch


class _FromFormula(torch.optim.Optimizer):
    """Walk over the parameters and leave the rule to `update`."""

    def __init__(self, parameters, learning_rate, **options):
        """Check what all rules share.

        Raises
        ------
        ValueError
            If a setting is out of its range; the message names it.
        """
        if not (learning_rate > 0 and math.isfinite(learning_rate)):
            raise ValueError(
                f"learning_rate must be a finite number above 0, got {learning_rate}; "
                f"0.01 is a usual first try."
            )
        shares = {name: options.get(name, 0) for name in ("momentum", "decay")}
        shares |= {f"betas[{k}]": b for k, b in enumerate(options.get("betas", ()))}
        for name, value in shares.items():
            if not 0 <= value < 1:
                raise ValueError(f"{name} must be at least 0 and below 1, got {value}.")
        for name in ("weight_decay", "epsilon"):
            if not 0 <= options.get(name, 0) < math.inf:
                raise ValueError(f"{name} must be 0 or above, got {options[name]}.")
        # "lr" is the name that PyTorch's schedules look for.
        super().__init__(parameters, {"lr": learning_rate} | options)

    @torch.no_grad()
    def step(self, closure=None):
        """Take one step downhill; `closure`, if given, computes the loss again."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            # PyTorch adds names of its own to the defaults that it never fills in.
            options = {name: group[name] for name in self.defaults if name in group}
            for theta in group["params"]:
                if theta.grad is not None:
                    self.update(theta, theta.grad, self.state[theta], **options)
        return loss


class GradientDescent(_FromFormula):
    """Gradient descent, with momentum if asked (D0 §4.1; Sutskever et al. 2013).

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
        If a setting is out of its range, or nesterov is asked for without momentum.
    """

    def __init__(
        self, parameters, learning_rate, momentum=0.0, nesterov=False, weight_decay=0.0
    ):
        if nesterov and not momentum:
            raise ValueError("nesterov needs a momentum above 0, for example 0.9.")
        options = {"momentum": momentum, "nesterov": nesterov}
        super().__init__(
            parameters, learning_rate, **options, weight_decay=weight_decay
        )

    @staticmethod
    def update(theta, gradient, state, lr, momentum, nesterov, weight_decay):
        """Move `theta` one step, in place."""
        gradient = gradient + weight_decay * theta
        if momentum:
            velocity = momentum * state.get("velocity", 0) + gradient
            state["velocity"] = velocity
            gradient = gradient + momentum * velocity if nesterov else velocity
        theta -= lr * gradient


class Adagrad(_FromFormula):
    """Steps that shrink with all the squared gradients so far (Duchi et al. 2011).

        total <- total + gradient²
        theta <- theta - lr * gradient / (√total + epsilon)

    Parameters and errors as in `GradientDescent`; `epsilon` keeps the quotient finite.
    """

    def __init__(self, parameters, learning_rate=0.01, weight_decay=0.0, epsilon=1e-10):
        options = {"weight_decay": weight_decay, "epsilon": epsilon}
        super().__init__(parameters, learning_rate, **options)

    @staticmethod
    def update(theta, gradient, state, lr, weight_decay, epsilon):
        """Move `theta` one step, in place."""
        gradient = gradient + weight_decay * theta
        total = state["total"] = state.get("total", 0) + gradient**2
        theta -= lr * gradient / (total.sqrt() + epsilon)


class RMSprop(_FromFormula):
    """Adagrad that forgets: a running mean of the squares (Hinton's lecture 6e, 2012).

        mean_square <- decay * mean_square + (1 - decay) * gradient²
        theta       <- theta - lr * gradient / (√mean_square + epsilon)

    Parameters and errors as in `GradientDescent`; `decay` is called alpha in PyTorch.
    """

    def __init__(
        self, parameters, learning_rate=0.01, decay=0.99, weight_decay=0.0, epsilon=1e-8
    ):
        options = {"decay": decay, "weight_decay": weight_decay, "epsilon": epsilon}
        super().__init__(parameters, learning_rate, **options)

    @staticmethod
    def update(theta, gradient, state, lr, decay, weight_decay, epsilon):
        """Move `theta` one step, in place."""
        gradient = gradient + weight_decay * theta
        mean_square = decay * state.get("mean_square", 0) + (1 - decay) * gradient**2
        state["mean_square"] = mean_square
        theta -= lr * gradient / (mean_square.sqrt() + epsilon)


class Adam(_FromFormula):
    """Momentum and RMSprop together, each bias-corrected (Kingma & Ba 2015).

        m <- beta1 * m + (1 - beta1) * gradient     m̂ = m / (1 - beta1^t)
        v <- beta2 * v + (1 - beta2) * gradient²    v̂ = v / (1 - beta2^t)
        theta <- theta - lr * m̂ / (√v̂ + epsilon)

    The recursion printed in D0 §4.1 is not this one: it defines m and s twice.
    Parameters and errors as in `GradientDescent`; `betas` is (beta1, beta2).
    """

    def __init__(
        self,
        parameters,
        learning_rate=0.001,
        betas=(0.9, 0.999),
        weight_decay=0.0,
        epsilon=1e-8,
    ):
        options = {"betas": betas, "weight_decay": weight_decay, "epsilon": epsilon}
        super().__init__(parameters, learning_rate, **options)

    @staticmethod
    def update(theta, gradient, state, lr, betas, weight_decay, epsilon):
        """Move `theta` one step, in place."""
        gradient = gradient + weight_decay * theta
        beta1, beta2 = betas
        t = state["t"] = state.get("t", 0) + 1
        m = state["m"] = beta1 * state.get("m", 0) + (1 - beta1) * gradient
        v = state["v"] = beta2 * state.get("v", 0) + (1 - beta2) * gradient**2
        m_hat, v_hat = m / (1 - beta1**t), v / (1 - beta2**t)
        theta -= lr * m_hat / (v_hat.sqrt() + epsilon)


class AdamW(Adam):
    """Adam with the weight decay outside the quotient (Loshchilov & Hutter 2019).

        theta <- (1 - lr * weight_decay) * theta, then Adam's step without decay

    Parameters and errors as in `Adam`; `weight_decay` is 0.01 if not given.
    """

    def __init__(
        self,
        parameters,
        learning_rate=0.001,
        betas=(0.9, 0.999),
        weight_decay=0.01,
        epsilon=1e-8,
    ):
        super().__init__(parameters, learning_rate, betas, weight_decay, epsilon)

    @staticmethod
    def update(theta, gradient, state, lr, betas, weight_decay, epsilon):
        """Move `theta` one step, in place."""
        theta *= 1 - lr * weight_decay
        Adam.update(theta, gradient, state, lr, betas, 0.0, epsilon)
