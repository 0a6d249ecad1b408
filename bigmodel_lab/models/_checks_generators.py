"""What generators refuse: sizes, codes and digits that they were not made for."""

from bigmodel_lab.models._checks_players import check_sizes as check_sizes


def check_codes(codes, dimensions):
    """Raise ValueError unless codes are (N, dimensions)."""
    if codes.dim() != 2 or codes.shape[1] != dimensions:
        raise ValueError(
            f"codes must be (N, {dimensions}), got {tuple(codes.shape)}: take the "
            f"autoencoder and the velocity network that were trained together."
        )


def check_digits(digits, classes):
    """Raise ValueError unless digits are whole numbers (N,) from 0 to classes - 1."""
    if digits.dim() != 1 or digits.is_floating_point():
        raise ValueError(
            f"digits must be whole numbers (N,), one for each image, got "
            f"{digits.dtype} of shape {tuple(digits.shape)}."
        )
    if len(digits) and not 0 <= digits.min() <= digits.max() < classes:
        raise ValueError(
            f"digits must be from 0 to {classes - 1} ({classes - 1} for any), got "
            f"{digits.min()} to {digits.max()}."
        )


def check_share(name, share):
    """Raise ValueError unless a share is from 0 to 1."""
    if not 0 <= share <= 1:
        raise ValueError(f"{name} must be a share from 0 to 1, got {share}.")
