"""What a model costs before it runs: parameters, bytes, operations (D0 §1, D1 §9)."""

from dataclasses import dataclass

from bigmodel_lab.from_scratch._checks_counting import (
    check_at_least,
    check_shares,
    check_whole,
)


@dataclass(frozen=True)
class Transformer:
    """What a paper tells of a Transformer, enough to count all of it.

    Parameters
    ----------
    layers, dimensions, heads : int
        Number of blocks, width d of the stream, and attention heads that share it.
    vocabulary_size, length : int
        Kinds of tokens V, and the longest text.
    key_value_heads : int, optional
        Heads of keys and values, if several query heads share one.
    hidden : int, optional
        Width inside the MLP; by default 4 d.
    gated : bool
        Whether the MLP has a third matrix (SwiGLU: Shazeer, 2020).
    biases : str
        "all", "attention inputs" (queries, keys and values only), or "none".
    shifts : bool
        Whether norms shift, too (LayerNorm), or only scale (RMSNorm).
    places : bool
        Whether positions are a table that is learned.
    tied : bool
        Whether the head shares the weights of the token table.
    extra : int
        Parameters outside of all this, such as BERT's pooler.

    Raises
    ------
    ValueError
        If a number is not whole, is below 1, or heads do not share out evenly.
    """

    layers: int
    dimensions: int
    heads: int
    vocabulary_size: int
    length: int
    key_value_heads: int | None = None
    hidden: int | None = None
    gated: bool = False
    biases: str = "all"
    shifts: bool = True
    places: bool = True
    tied: bool = True
    extra: int = 0

    def __post_init__(self) -> None:
        """Refuse what cannot be."""
        check_whole(self)
        check_shares(self)

    @property
    def head_dimensions(self) -> int:
        """Numbers of a head: d shared out."""
        return self.dimensions // self.heads

    @property
    def keys(self) -> int:
        """Width of all keys of a token, and of all its values."""
        return (self.key_value_heads or self.heads) * self.head_dimensions

    @property
    def inside(self) -> int:
        """Width inside the MLP."""
        return self.hidden or 4 * self.dimensions


# -- parameters ------------------------------------------------------------------------


def attention_weights(model: Transformer) -> int:
    """Return the weights of one attention: 4 d² in GPT-2."""
    # Queries and output are d wide; keys and values may be narrower.
    return 2 * model.dimensions**2 + 2 * model.dimensions * model.keys


def attention_parameters(model: Transformer) -> int:
    """Return the weights and biases of one attention: 4 d² + 4 d in GPT-2."""
    d, keys = model.dimensions, model.keys
    biases = {"all": 2 * d + 2 * keys, "attention inputs": d + 2 * keys, "none": 0}
    return attention_weights(model) + biases[model.biases]


def mlp_weights(model: Transformer) -> int:
    """Return the weights of one MLP: 8 d² in GPT-2."""
    # One matrix up, one down; a gate is a second one up.
    return (3 if model.gated else 2) * model.dimensions * model.inside


def mlp_parameters(model: Transformer) -> int:
    """Return the weights and biases of one MLP: 8 d² + 5 d in GPT-2."""
    biases = model.inside + model.dimensions if model.biases == "all" else 0
    return mlp_weights(model) + biases


def norm_parameters(model: Transformer) -> int:
    """Return the parameters of one norm: a scale, perhaps a shift, for each number."""
    return (2 if model.shifts else 1) * model.dimensions


def block_parameters(model: Transformer) -> int:
    """Return the parameters of one block: 12 d² + 13 d in GPT-2."""
    norms = 2 * norm_parameters(model)
    return attention_parameters(model) + mlp_parameters(model) + norms


def parameters(model: Transformer) -> int:
    """Return all parameters of a model."""
    table = model.vocabulary_size * model.dimensions
    # A tied head is the token table once more: nothing to add.
    tables = table if model.tied else 2 * table
    if model.places:
        tables += model.length * model.dimensions
    blocks = model.layers * block_parameters(model)
    return tables + blocks + norm_parameters(model) + model.extra


# -- bytes -----------------------------------------------------------------------------


def training_bytes(parameters: int) -> dict[str, int]:
    """Return what float32 training with Adam keeps for each parameter: 16 bytes."""
    check_at_least("parameters", parameters, 0)
    # Adam remembers two running means: of the gradients, and of their squares.
    parts = {"weights": 1, "gradients": 1, "Adam's two means": 2}
    return {name: 4 * count * parameters for name, count in parts.items()}


def kept_bytes(model: Transformer) -> int:
    """Return what each token of a batch keeps in float32 for the backward pass.

    For a GPT such as ours: no dropout, a fused attention and one loss for all tokens.
    """
    d = model.dimensions
    # In a block each layer keeps its input: 2 d for the norms, 2 d for what they give,
    # 3 d queries, keys and values, 2 d around the output, and 4 d twice in the MLP.
    block = 17 * d
    # At the end: the last norm, and the gradient of the loss by each logit.
    return 4 * (model.layers * block + 2 * d + model.vocabulary_size)


def cache_bytes(model: Transformer, tokens: int, bytes_each: int = 2) -> int:
    """Return the bytes of keys and values of so many tokens, of all texts together."""
    check_at_least("tokens", tokens, 0)
    return 2 * model.layers * model.keys * tokens * bytes_each


def serving_bytes(model: Transformer, bits: int, tokens: int) -> dict[str, float]:
    """Return what must be in memory to write: weights of `bits` each, and the cache."""
    check_at_least("bits", bits, 1)
    weights = parameters(model) * bits / 8
    return {"weights": weights, "keys and values": cache_bytes(model, tokens)}


# -- operations ------------------------------------------------------------------------


def matrix_weights(model: Transformer) -> int:
    """Return the weights that a token is multiplied by: no biases, no norms, no places.

    The token table counts once, as the head; it is only looked up as the table.
    """
    block = attention_weights(model) + mlp_weights(model)
    return model.layers * block + model.vocabulary_size * model.dimensions


def forward_flops(model: Transformer, length: int) -> int:
    """Return the operations for a token of a text of `length`, forward.

    2 for each weight, a product and a sum (Kaplan and others, 2020), and 4 d for each
    token looked at, in each layer: its score, and its value in the weighted mean.
    """
    check_at_least("length", length, 1)
    looks = 4 * model.layers * model.dimensions * length
    return 2 * matrix_weights(model) + looks


def training_flops(parameters: float, tokens: float) -> float:
    """Return the operations of a training: 6 N D (Kaplan and others, 2020).

    2 forward and 4 backward for each weight and token: the gradient of the loss with
    respect to a layer's input takes a product as large as the layer, that with respect
    to its weights another.
    """
    check_at_least("parameters", parameters, 0)
    check_at_least("tokens", tokens, 0)
    return 6 * parameters * tokens


def intensity(rows: int, inputs: int, outputs: int, bytes_each: int = 4) -> float:
    """Return the operations per byte of a layer, (rows, inputs) @ (inputs, outputs).

    Each matrix is read or written once (Williams and others, 2009).
    """
    for size in (rows, inputs, outputs):
        check_at_least("each size", size, 1)
    operations = 2 * rows * inputs * outputs
    moved = rows * inputs + inputs * outputs + rows * outputs
    return operations / (bytes_each * moved)
