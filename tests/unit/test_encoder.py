"""Our encoder, with MiniLM's weights and with random ones, beside transformers'."""

import dataclasses
import re

import pytest
import torch

from bigmodel_lab.datasets import fetching
from bigmodel_lab.datasets.sentences import minilm
from bigmodel_lab.models.encoder import Encoder
from bigmodel_lab.models.sentences import (
    by_length,
    embeddings,
    padded,
    sentence_encoder,
)

SIZES = {"dimensions": 24, "layers": 2, "heads": 3}


@pytest.fixture
def encoder():
    return Encoder(50, 16, **SIZES).eval()


def test_pads_change_nothing(encoder):
    ids = torch.randint(50, (2, 5))
    alone = encoder(ids, torch.ones(2, 5, dtype=torch.bool))
    wide, mask = padded([[*row, *[7] * 4] for row in ids.tolist()])
    mask[:, 5:] = False
    torch.testing.assert_close(encoder(wide, mask)[:, :5], alone)


def test_a_place_sees_later_ones(encoder):
    ids = torch.randint(1, 49, (1, 6))
    mask = torch.ones(1, 6, dtype=torch.bool)
    before = encoder(ids, mask)
    ids[0, -1] = 49
    assert not torch.allclose(encoder(ids, mask)[0, 0], before[0, 0])


def test_vectors_have_length_1_and_come_in_the_order_of_the_texts(encoder):
    ids = [[3] * n for n in (4, 1, 7, 2, 5)]
    vectors = embeddings(encoder, ids, batch_size=2)
    torch.testing.assert_close(vectors.norm(dim=1), torch.ones(5))
    for text, vector in zip(ids, vectors, strict=True):
        torch.testing.assert_close(encoder.embed(*padded([text]))[0], vector)


def test_batches_hold_texts_of_about_one_length():
    ids = [[1] * n for n in (9, 2, 8, 3, 1)]
    assert list(by_length(ids, 2)) == [[4, 1], [3, 2], [0]]


def test_a_batch_is_as_wide_as_its_longest_text():
    rows, mask = padded([[5, 6], [7, 8, 9], [4]])
    assert rows.tolist() == [[5, 6, 0], [7, 8, 9], [4, 0, 0]]
    assert mask.sum(1).tolist() == [2, 3, 1]


def test_a_text_that_is_too_long_is_told(encoder):
    ids, mask = padded([[1] * 17])
    with pytest.raises(ValueError, match=r"A text has 17 tokens, .* reads 16 at most"):
        encoder(ids, mask)


# -- beside transformers' --------------------------------------------------------------


def theirs(weights, heads=12):
    """Return transformers' BertModel with these weights, of any shape."""
    transformers = pytest.importorskip("transformers")
    tokens, dimensions = weights["embeddings.word_embeddings.weight"].shape
    config = transformers.BertConfig(
        vocab_size=tokens,
        hidden_size=dimensions,
        num_hidden_layers=sum(
            "attention.self.query.weight" in name for name in weights
        ),
        num_attention_heads=heads,
        intermediate_size=4 * dimensions,
        max_position_embeddings=len(weights["embeddings.position_embeddings.weight"]),
    )
    model = transformers.BertModel(config, add_pooling_layer=False).eval()
    missing, unexpected = model.load_state_dict(weights, strict=False)
    assert not missing
    assert all("pooler" in name or "position_ids" in name for name in unexpected)
    return model


@torch.inference_mode()
def embedded_by(model, ids):
    """Return their vectors of texts, as Sentence-BERT makes them."""
    rows, mask = padded(ids)
    vectors = model(rows, attention_mask=mask.long()).last_hidden_state
    means = torch.stack([v[m].mean(0) for v, m in zip(vectors, mask, strict=True)])
    return torch.nn.functional.normalize(means, dim=1)


@pytest.fixture(scope="module")
def model(fetched):
    return fetched(minilm)


def test_minilm_gives_the_vectors_that_transformers_gives(model):
    sentences = [
        "The hotel was clean.",
        "",
        "Breakfast!",
        "A movie that begins slowly, gets slower, and never ends: I loved it.",
        "Does the printer that I bought last week need another driver? " * 12,
    ]
    ids = [encoded.ids for encoded in model.tokenizer.encode_batch(sentences)]
    assert len({len(text) for text in ids}) == len(sentences)
    ours = embeddings(sentence_encoder(model.weights), ids, batch_size=2)
    expected = embedded_by(theirs(model.weights), ids)
    torch.testing.assert_close(ours, expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize("heads", [1, 3, 6])
def test_other_sizes_with_random_weights_give_what_transformers_gives(heads):
    transformers = pytest.importorskip("transformers")
    dimensions, layers, tokens = 12 * heads, heads % 3 + 1, 31
    config = transformers.BertConfig(
        vocab_size=tokens,
        hidden_size=dimensions,
        num_hidden_layers=layers,
        num_attention_heads=heads,
        intermediate_size=4 * dimensions,
        max_position_embeddings=20,
        initializer_range=0.5,
    )
    weights = transformers.BertModel(config).state_dict()
    encoder = sentence_encoder(weights, heads)
    ids = [torch.randint(1, tokens, (n,)).tolist() for n in (3, 20, 1, 7)]
    expected = embedded_by(theirs(weights, heads), ids)
    torch.testing.assert_close(embeddings(encoder, ids), expected, rtol=0, atol=1e-5)


def test_similar_sentences_are_near_and_others_far(model):
    sentences = ["The hotel was clean.", "Our room was spotless.", "He plays chess."]
    ids = [encoded.ids for encoded in model.tokenizer.encode_batch(sentences)]
    vectors = embeddings(sentence_encoder(model.weights), ids)
    near, far = (vectors[:1] @ vectors[1:].T)[0]
    assert near > far + 0.3


# -- what they refuse ------------------------------------------------------------------


def without(name):
    return lambda weights: {k: w for k, w in weights.items() if k != name}


DAMAGED = {
    "nothing": (lambda weights: {}, "token_type_embeddings"),
    "a weight is missing": (
        without("encoder.layer.2.output.dense.bias"),
        "blocks.2.shrink.bias",
    ),
    "a weight has another shape": (
        lambda weights: weights | {"embeddings.LayerNorm.bias": torch.zeros(7)},
        r"norm.bias.*\[7\].*\[384\]",
    ),
    "a layer too many": (
        lambda weights: weights | {"encoder.layer.6.output.dense.bias": torch.zeros(9)},
        "blocks.6",
    ),
    "a number is not one": (
        lambda weights: (
            weights | {"embeddings.LayerNorm.bias": torch.full((384,), torch.nan)}
        ),
        "norm.bias has numbers that are infinite or NaN",
    ),
    "the pair instead of its weights": (lambda weights: (weights, None), "tuple"),
}


@pytest.mark.parametrize("damage", DAMAGED)
def test_damaged_weights_are_told(model, damage):
    change, reason = DAMAGED[damage]
    with pytest.raises(ValueError, match="not the weights of MiniLM") as caught:
        sentence_encoder(change(model.weights))
    assert re.search(reason, str(caught.value))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("ids", "message"),
    [
        ([], "There are no texts: give one or more"),
        ([[1, 2], []], "Text 1 has no tokens: cut it with the encoder's tokenizer"),
    ],
)
def test_no_texts_and_a_text_without_tokens_are_told(encoder, ids, message):
    with pytest.raises(ValueError, match=message):
        embeddings(encoder, ids)
    with pytest.raises(ValueError, match=message):
        padded(ids)


def test_a_package_that_nobody_gives_is_told_with_the_command(monkeypatch, tmp_path):
    monkeypatch.setenv("BIGMODEL_LAB_CACHE", str(tmp_path))
    for name in ("minilm", "minilm-tokens"):
        nowhere = {"places": ("package://no_such_package/x",)}
        entry = dataclasses.replace(fetching.FILES[name], **nowhere)
        monkeypatch.setitem(fetching.FILES, name, entry)
    with pytest.raises(
        fetching.DataUnavailable, match=r"python -m bigmodel_lab fetch minilm"
    ):
        minilm()
