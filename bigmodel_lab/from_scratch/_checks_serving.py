"""What a server of models refuses, and what to do instead."""

import math


def check_batcher(most, wait, waiting):
    """Raise ValueError unless batches, their wait and their queue have a size."""
    check_count("most", most)
    check_count("waiting", waiting)
    if not isinstance(wait, (int, float)) or not 0 <= wait < math.inf:
        raise ValueError(
            f"wait must be seconds, 0 or a little more, as in 0.002, got {wait!r}."
        )


def check_count(name, value):
    """Raise ValueError, with its name, unless a value is a whole number from 1 on."""
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise ValueError(f"{name} must be a whole number of at least 1, got {value!r}.")


def check_rows(rows, inputs):
    """Return the rows; ValueError unless there is one for each input."""
    if len(rows) != len(inputs):
        raise ValueError(
            f"run must return a row for each of its {len(inputs)} inputs, got "
            f"{len(rows)}."
        )
    return rows


def check_latencies(latencies):
    """Return the latencies as a list; ValueError if there is none, or one is NaN."""
    latencies = list(latencies)
    if not latencies or any(math.isnan(latency) for latency in latencies):
        raise ValueError(
            f"A percentile needs at least one latency, and none that is NaN, got "
            f"{len(latencies)} latencies."
        )
    return latencies


def check_share(share):
    """Return the share; ValueError unless it is above 0 and at most 1."""
    if not 0 < share <= 1:
        raise ValueError(
            f"share must be above 0 and at most 1, as in 0.95, got {share}."
        )
    return share


def check_positive(**values):
    """Raise ValueError, with its name, unless each value is finite and above 0."""
    for name, value in values.items():
        if not 0 < value < math.inf:
            raise ValueError(f"{name} must be a finite number above 0, got {value}.")
