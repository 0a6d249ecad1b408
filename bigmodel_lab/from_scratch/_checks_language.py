"""What `bpe.py` and `ngrams.py` refuse, and what to do instead."""

import numpy as np

# -- byte-pair encoding ----------------------------------------------------------------


def check_string(text):
    """Raise ValueError if `text` is not a str."""
    if not isinstance(text, str):
        raise ValueError(f"text must be a str, got {type(text).__name__}.")


def check_merges(merges):
    """Raise ValueError if there is nothing to learn."""
    if merges < 1:
        raise ValueError(f"merges must be 1 or more, got {merges}.")


def check_pair(pair, learned, merges):
    """Raise ValueError if no pair is left to join before all merges are learned."""
    if pair is None and not learned:
        raise ValueError("text has no word of two bytes: give a longer one.")
    if pair is None:
        raise ValueError(
            f"text is too short for {merges} merges: after {learned}, every word is "
            f"one token; take merges={learned}, or give a longer text."
        )


def check_ranks(ranks):
    """Raise TypeError if `ranks` is not a dict, and say what makes one of merges."""
    if not isinstance(ranks, dict):
        raise TypeError(
            f"ranks must be a dict from tokens to ranks, got "
            f"{type(ranks).__name__}: of learned merges, give bpe.ranks(merges)."
        )


# -- n-grams ---------------------------------------------------------------------------


def check_model(order, discount, vocabulary_size):
    """Raise ValueError if a setting of a Kneser-Ney model is out of its range."""
    if order not in range(1, 6):
        raise ValueError(f"order must be 1, 2, 3, 4 or 5, got {order}.")
    if not 0 < discount < 1:
        raise ValueError(
            f"discount must be between 0 and 1, got {discount}; 0.75 is a usual first "
            f"try."
        )
    # An n-gram is one 64-bit number.
    if not 1 <= vocabulary_size**order < 2**63:
        most = int(2 ** (63 / order))
        raise ValueError(
            f"vocabulary_size must be from 1 to {most} for order {order}, got "
            f"{vocabulary_size}."
        )


def check_rows(rows, vocabulary_size, shortest=2):
    """Return `rows` as an int64 array (N, T) of ids; an error if they are not that."""
    rows = _integers(rows, "rows")
    if rows.ndim != 2 or not len(rows) or rows.shape[1] < shortest:
        raise ValueError(
            f"rows must have shape (N, T) with N >= 1 and T >= {shortest}, got "
            f"{rows.shape}."
        )
    return _ids(rows, vocabulary_size, "rows")


def check_histories(histories, vocabulary_size):
    """Return `histories` as int64 ids, (N, L) or (L,); an error if they are not."""
    if np.ndim(histories) and not np.size(histories):  # [] is an array of floats
        histories = np.empty(np.shape(histories), dtype=np.int64)
    histories = _integers(histories, "histories")
    if histories.ndim not in (1, 2):
        raise ValueError(
            f"histories must have shape (N, L), or (L,) for one, got {histories.shape}."
        )
    return _ids(histories, vocabulary_size, "histories")


def _integers(values, name):
    """Return `values` as an array; TypeError if they are not whole numbers."""
    values = np.asarray(values)
    if values.dtype.kind not in "iu":
        raise TypeError(f"{name} must be ids, which are integers, got {values.dtype}.")
    return values


def _ids(values, vocabulary_size, name):
    """Return `values` as int64; ValueError with the first that is no id."""
    wrong = values[(values < 0) | (values >= vocabulary_size)]
    if wrong.size:
        raise ValueError(
            f"{name} have the id {wrong[0]}, but vocabulary_size={vocabulary_size} "
            f"allows 0 to {vocabulary_size - 1}."
        )
    return values.astype(np.int64)
