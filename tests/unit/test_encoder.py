"""Our encoder, with MiniLM's weights and with random ones, beside transformers'."""

import pytest
import torch

from bigmodel_lab.models.encoder import Encoder
from bigmodel_lab.models.sentences import by_length, embeddings, padded

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
