"""Loss functions written from their formulas."""


def mse(predictions, targets):
    """Return the mean squared error, a scalar in the targets' units squared.

        mse = 1/N sum_i (prediction_i - target_i)^2

    D0 §4.1 prints the factor 1/(2N) instead; PyTorch and Keras use 1/N, and so do we.

    Parameters
    ----------
    predictions, targets : torch.Tensor
        Two tensors of one shape, at least one element.

    Raises
    ------
    ValueError
        If the shapes differ (they would broadcast to a wrong loss) or are empty.
    """
    if predictions.shape != targets.shape:
        raise ValueError(
            f"predictions {tuple(predictions.shape)} and targets "
            f"{tuple(targets.shape)} must have one shape: reshape one of them, for "
            f"example with predictions.squeeze(-1)."
        )
    if predictions.numel() == 0:
        raise ValueError("mse needs at least one prediction, got none.")
    return ((predictions - targets) ** 2).mean()
