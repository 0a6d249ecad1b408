"""From text to numbers: the words, their ids, and every mistake on the way there."""

import os
import re
import subprocess
import sys

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.feature_extraction.text import TfidfVectorizer

from bigmodel_lab import datasets
from bigmodel_lab.from_scratch.text import (
    Characters,
    Vocabulary,
    chinese_words,
    english_words,
    idf,
    pad,
    tf_idf,
)

WORDS = st.text(alphabet="abc大模", min_size=1, max_size=3)
CORPUS = st.lists(st.lists(WORDS, min_size=1, max_size=12), min_size=1, max_size=8)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("The CAT sat.", ["the", "cat", "sat"]),
        ("I don't, 'really'!", ["i", "don't", "really"]),
        ("It’s Tom's rock'n'roll", ["it's", "tom's", "rock'n'roll"]),
        ("good<br />bad<BR>so-so<br/>", ["good", "bad", "so", "so"]),
        ("5 stars, 10/10", ["5", "stars", "10", "10"]),
        ("10/10", ["10", "10"]),
        ("a_b: naïve cafe\u0301 ＧＰＵ", ["a", "b", "naïve", "café", "gpu"]),
        ("GPT 就是大模型", ["gpt"]),
    ],
)
def test_english_words(text, words):
    assert english_words(text) == words


def test_english_words_leaves_no_line_break_in_the_food_reviews():
    train, _ = datasets.food_reviews()
    with_breaks = train["review"][train["review"].str.contains("<br />")]
    assert len(with_breaks) > 800
    for review in with_breaks:
        assert "br" not in english_words(review)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("我爱北京天安门", ["我", "爱", "北京", "天安门"]),
        ("训练，模型。\n数据！", ["训练", "模型", "数据"]),
        ("用 GPU 训练 3.5 年", ["用", "GPU", "训练", "3.5", "年"]),
        ("模型<br />数据２０", ["模型", "数据", "20"]),
    ],
)
def test_chinese_words(text, words):
    assert chinese_words(text) == words


@pytest.mark.parametrize("cut", [english_words, chinese_words])
@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "must be a str, got NoneType"),
        (["a", "list"], "must be a str, got list"),
        (b"bytes", "must be a str, got bytes"),
        ("", "text is empty"),
        (" \n\t", "text is empty"),
        ("?! ...", r"word in '\?! \.\.\.': it has no letters"),
        ("<br />", "it has no letters"),
        ("большая модель", "word in 'большая модель': its letters are Cyrillic.$"),
    ],
)
def test_a_text_without_words_is_an_error(cut, text, message):
    with pytest.raises(ValueError, match=message):
        cut(text)


@pytest.mark.parametrize(
    ("cut", "text", "message"),
    [
        (
            english_words,
            "大模型的训练需要2024年的数据、显卡和电力",
            "no English word in '大模型的训练需要2024年的数据、显卡和…': its letters "
            "are Chinese; cut it with chinese_words.",
        ),
        (
            chinese_words,
            "Hello, 5 cats",
            "no Chinese word in 'Hello, 5 cats': its letters are Latin; cut it with "
            "english_words.",
        ),
    ],
)
def test_a_text_of_the_other_language_names_the_right_function(cut, text, message):
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        cut(text)


# What setuptools brought up to its version 81: jieba imports it if it is there.
PKG_RESOURCES = """
import os, warnings
warnings.warn("pkg_resources is deprecated as an API", UserWarning, stacklevel=2)
def resource_stream(package, name):
    import jieba
    return open(os.path.join(os.path.dirname(jieba.__file__), name), "rb")
"""


@pytest.mark.parametrize("old_setuptools", [False, True])
def test_jieba_is_quiet_and_leaves_no_file(tmp_path, old_setuptools):
    modules, temporary = tmp_path / "modules", tmp_path / "temporary"
    modules.mkdir()
    temporary.mkdir()
    if old_setuptools:
        (modules / "pkg_resources.py").write_text(PKG_RESOURCES)
    # A fresh bytecode folder: jieba is compiled again, which warns of its escapes.
    code = (
        "import sys; from bigmodel_lab.from_scratch.text import chinese_words;"
        f"sys.pycache_prefix = {str(tmp_path / 'bytecode')!r};"
        "assert chinese_words('大模型') == ['大', '模型'];"
        f"assert {old_setuptools} <= ('pkg_resources' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        env={**os.environ, "PYTHONPATH": str(modules), "TMPDIR": str(temporary)},
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert list(temporary.iterdir()) == []


DOCUMENTS = [["b", "a", "c"], ["b", "a"], [], ["b"]]


def test_a_vocabulary_counts_down_and_breaks_ties_by_the_alphabet():
    vocabulary = Vocabulary([["b", "d", "c"], ["c", "a", "d"]])
    assert vocabulary.words == ["<pad>", "<unk>", "c", "d", "a", "b"]
    assert vocabulary.ids == {word: i for i, word in enumerate(vocabulary.words)}
    assert len(vocabulary) == 6


def test_size_counts_all_ids_and_min_count_drops_the_rare():
    assert Vocabulary(DOCUMENTS, size=3).words == ["<pad>", "<unk>", "b"]
    assert Vocabulary(DOCUMENTS, size=99).words == ["<pad>", "<unk>", "b", "a", "c"]
    assert Vocabulary(DOCUMENTS, min_count=2).words == ["<pad>", "<unk>", "b", "a"]
    assert Vocabulary(iter(DOCUMENTS), 4, 2).words == ["<pad>", "<unk>", "b", "a"]


def test_encode_and_decode():
    vocabulary = Vocabulary(DOCUMENTS)
    assert vocabulary.encode(["c", "never", "b"]) == [4, 1, 2]
    assert vocabulary.encode([]) == []
    assert vocabulary.decode([4, 1, 2, 0]) == ["c", "<unk>", "b", "<pad>"]
    assert vocabulary.decode(torch.tensor([2, 3])) == ["b", "a"]


@settings(deadline=None)
@given(corpus=CORPUS)
def test_decoding_undoes_encoding(corpus):
    vocabulary = Vocabulary(corpus)
    for document in corpus:
        ids = vocabulary.encode(document)
        assert min(ids) >= 2
        assert vocabulary.decode(ids) == document


def test_the_special_words_have_one_id_even_if_a_document_has_them():
    vocabulary = Vocabulary([["<unk>", "<pad>", "<unk>", "a"]])
    assert vocabulary.words == ["<pad>", "<unk>", "a"]
    assert vocabulary.encode(["<unk>", "<pad>"]) == [1, 0]


@pytest.mark.parametrize("build", [Vocabulary, tf_idf])
@pytest.mark.parametrize(
    ("documents", "error", "message"),
    [
        ([], ValueError, "documents have no words"),
        ([[], []], ValueError, "documents have no words"),
        ("the cat", TypeError, "document 0 .* list of words, got the text 't'"),
        (["the cat"], TypeError, "got the text 'the cat': cut it with english_words"),
        ([["the"], "cat"], TypeError, "document 1 must be a list of words"),
        ([["the"], [3]], TypeError, r"document 1 must be a list of words, got \[3\]"),
        ([7], TypeError, "document 0 must be a list of words, got 7"),
    ],
)
def test_what_is_not_a_list_of_documents_is_an_error(build, documents, error, message):
    with pytest.raises(error, match=message):
        build(documents)


def test_a_vocabulary_without_words_is_an_error():
    with pytest.raises(ValueError, match=r"size must be 3 or more .* got 2"):
        Vocabulary(DOCUMENTS, size=2)
    with pytest.raises(ValueError, match=r"min_count=4 times; .* 'b', occurs 3 times"):
        Vocabulary(DOCUMENTS, min_count=4)


def test_encode_refuses_a_text_and_decode_an_id_that_is_not_there():
    vocabulary = Vocabulary(DOCUMENTS)
    with pytest.raises(TypeError, match="words must be a list of words, got the text"):
        vocabulary.encode("cab")
    for wrong in (-1, 5):
        with pytest.raises(ValueError, match=f"the id {wrong}: ids are 0 to 4"):
            vocabulary.decode([2, wrong])


def test_pad_fills_with_zeros_and_cuts():
    padded = pad([[5, 6, 7], [8], []])
    assert padded.dtype == torch.int64
    assert padded.tolist() == [[5, 6, 7], [8, 0, 0], [0, 0, 0]]
    assert pad([[5, 6, 7], [8]], length=2).tolist() == [[5, 6], [8, 0]]
    assert pad([[5], [8]], length=3).tolist() == [[5, 0, 0], [8, 0, 0]]
    assert pad([np.array([5, 6]), torch.tensor([7])]).tolist() == [[5, 6], [7, 0]]


@pytest.mark.parametrize(
    ("sequences", "length", "error", "message"),
    [
        ([], None, ValueError, "sequences is empty"),
        ([[1]], 0, ValueError, "length must be 1 or more, got 0"),
        ([[], []], None, ValueError, "length must be 1 or more, got 0"),
        ([1, 2], None, TypeError, "sequence 0 must be a list of ids.* got 1"),
        ([[1], ["cat"]], None, TypeError, "sequence 1 .* got \\['cat'\\]"),
        (["cat"], None, TypeError, "sequence 0 .* got 'cat'"),
        ([[1.5]], None, TypeError, "sequence 0 .* got \\[1.5\\]"),
    ],
)
def test_pad_refuses_what_has_no_ids(sequences, length, error, message):
    with pytest.raises(error, match=message):
        pad(sequences, length)


def test_tf_idf_by_hand():
    weights, words = tf_idf([["b", "a", "b"], ["a"]])
    assert words == ["a", "b"]
    rare = np.log(3 / 2) + 1  # "b" is in 1 of 2 documents; "a" in both: weight 1
    row = np.array([1, 2 * rare])
    expected = [row / np.sqrt((row**2).sum()), [1, 0]]
    np.testing.assert_allclose(weights, expected, rtol=1e-12)


@settings(deadline=None)
@given(corpus=CORPUS)
def test_tf_idf_is_that_of_scikit_learn(corpus):
    weights, words = tf_idf(corpus)
    theirs = TfidfVectorizer(analyzer=lambda document: document)
    expected = theirs.fit_transform(corpus).toarray()
    assert words == list(theirs.get_feature_names_out())
    assert weights.dtype == np.float64
    np.testing.assert_allclose(weights, expected, rtol=1e-12)


def test_tf_idf_names_the_empty_document():
    with pytest.raises(ValueError, match="document 2 has no words: leave it out"):
        tf_idf(DOCUMENTS)


def test_idf_is_that_of_tf_idf_and_padding_weighs_nothing():
    documents = [["a", "b"], ["b", "b", "c"], ["b"], ["c", "d"]]
    vocabulary = Vocabulary(documents)
    ids = pad([vocabulary.encode(words) for words in documents])
    weights = idf(ids, len(vocabulary))
    vectorizer = TfidfVectorizer(analyzer=list).fit(documents)
    for word, expected in zip(
        vectorizer.get_feature_names_out(), vectorizer.idf_, strict=True
    ):
        assert weights[vocabulary.ids[word]].item() == pytest.approx(expected)
    assert weights[0] == 0
    assert weights[1].item() == pytest.approx(np.log(5) + 1)  # unknown: in no document
    assert weights.dtype == torch.float32


# -- characters ------------------------------------------------------------------------


def test_characters_are_numbered_by_their_code_points():
    alphabet = Characters(["ba，", "a。"])
    assert alphabet.characters == ["\n", "a", "b", "。", "，"]
    assert alphabet.encode("\nb。") == [0, 2, 3]
    assert len(alphabet) == 5


@given(st.lists(st.text(min_size=1), min_size=1))
def test_decoding_undoes_the_encoding_of_characters(texts):
    alphabet = Characters(texts)
    for text in texts:
        assert alphabet.decode(alphabet.encode(text)) == text


def test_rows_have_one_length_and_other_forms_are_told():
    alphabet = Characters(["一二三四"])
    assert alphabet.rows(["二一", "四四"]).tolist() == [[3, 1], [4, 4]]
    with pytest.raises(ValueError, match="'二一' has 2 characters, '三' has 1"):
        alphabet.rows(["二一", "三"])
    with pytest.raises(ValueError, match="no text"):
        alphabet.rows([])


def test_unknown_characters_are_named_once_each():
    alphabet = Characters("abc")
    with pytest.raises(ValueError, match="Of 4 characters, none is x、y: leave out"):
        alphabet.encode("axbyx")
    with pytest.raises(ValueError, match="and 2 more"):
        alphabet.encode("1234567")
    with pytest.raises(ValueError, match="id"):
        alphabet.decode([7])


@pytest.mark.parametrize(
    ("texts", "error", "says"),
    [([], ValueError, "no text"), ([""], ValueError, "no text"), ([1], TypeError, "1")],
)
def test_what_has_no_characters_is_an_error(texts, error, says):
    with pytest.raises(error, match=says):
        Characters(texts)
