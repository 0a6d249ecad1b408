"""The vocabularies of GPT-2, GPT-4 and GPT-4o: theirs, and enough for our encoder."""

import numpy as np
import pytest
import tiktoken
from tiktoken_ext import openai_public

from bigmodel_lab import datasets
from bigmodel_lab.datasets.sources import FILES
from bigmodel_lab.from_scratch import bpe

# tiktoken's own name for each file.
NAMES = {"gpt2": "p50k_base", "cl100k": "cl100k_base", "o200k": "o200k_base"}
SIZES = {"gpt2": 50_257, "cl100k": 100_277, "o200k": 200_019}
QUATRAIN = "床前明月光，疑是地上霜。举头望明月，低头思故乡。"


def texts(count=60):
    """Return poems, reviews, and random characters of several scripts."""
    poems, *_ = datasets.tang_poems()
    reviews, _ = datasets.food_reviews()
    signs = [*"aZßéΩжأक한月🙂1２²_'s’t.,/-!  \n\r\t", "'ll", "LLM", "\r\n", "e\u0301"]
    rng = np.random.default_rng(0)
    return [
        *poems["poem"].sample(count, random_state=0),
        *reviews["review"].sample(count, random_state=0),
        *("".join(rng.choice(signs, size=30)) for _ in range(count)),
    ]


@pytest.mark.parametrize(
    ("name", "tokens"), [("gpt2", 47), ("cl100k", 34), ("o200k", 25)]
)
def test_a_quatrain_takes_fewer_tokens_from_one_gpt_to_the_next(fetched, name, tokens):
    encoding = fetched(datasets.vocabulary, name).encoding
    ids = encoding.encode(QUATRAIN)
    assert len(ids) == tokens
    assert encoding.decode(ids) == QUATRAIN
    assert encoding.n_vocab == SIZES[name]


@pytest.mark.parametrize("name", NAMES)
def test_our_own_encoder_gives_the_same_tokens(fetched, name):
    encoding, ranks, pattern = fetched(datasets.vocabulary, name)
    for text in texts():
        tokens = bpe.encode(text, ranks, pattern)
        assert [ranks[token] for token in tokens] == encoding.encode(text)


@pytest.mark.parametrize("name", NAMES)
def test_they_are_what_tiktoken_would_have_downloaded(fetched, monkeypatch, name):
    encoding, ranks, _ = fetched(datasets.vocabulary, name)
    asked = {}

    def load(url, expected_hash):
        asked.update(url=url, sha256=expected_hash)
        return ranks

    monkeypatch.setattr(openai_public, "load_tiktoken_bpe", load)
    parts = getattr(openai_public, NAMES[name])()
    parts.pop("explicit_n_vocab", None)
    file = FILES[f"{name}-tokens"]
    assert (file.sha256, file.places[-1]) == (asked["sha256"], asked["url"])
    theirs = tiktoken.Encoding(**parts)
    assert theirs.special_tokens_set == encoding.special_tokens_set
    assert encoding.eot_token == theirs.eot_token
    assert encoding.encode_batch(texts()) == theirs.encode_batch(texts())


def test_an_unknown_vocabulary_is_told():
    with pytest.raises(ValueError, match="called 'gpt-2'; did you mean 'gpt2'"):
        datasets.vocabulary("gpt-2")
