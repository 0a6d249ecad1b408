"""Sealed data: what comes back, what is noticed, and what one nonce for two gives."""

import copy
import re
import tracemalloc

import numpy as np
import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st

from bigmodel_lab import Seal, SealError
from bigmodel_lab.sharing.sealing import blocks, repeating_cipher

KEY = bytes(range(32))
DOES_NOT_OPEN = "key or the label is another one, or the bytes were changed or cut"


def refused(call, says):
    """Check that a call is refused, in one sentence, which is returned."""
    with pytest.raises(SealError, match=says) as error:
        call()
    sentence = str(error.value)
    assert re.fullmatch(r"[A-Z`0-9].*[^.]\.", sentence)
    assert not re.search(r"\. [A-Z]|\n", sentence)
    return sentence


# -- sealing and opening ---------------------------------------------------------------


@given(
    data=st.binary(max_size=200),
    label=st.one_of(st.text(), st.binary(max_size=40)),
    size=st.sampled_from([16, 24, 32]),
    long=st.binary(min_size=32, max_size=32),
)
def test_what_was_sealed_comes_back_with_key_and_label(data, label, size, long):
    key = long[:size]
    sealed = Seal(key).seal(data, label)
    assert len(sealed) == len(data) + 28
    assert Seal(key).open(sealed, label) == data


def test_what_is_sealed_is_aes_gcm_with_the_nonce_in_front():
    sealed = Seal(KEY).seal(b"to be hidden", "file")
    assert AESGCM(KEY).decrypt(sealed[:12], sealed[12:], b"file") == b"to be hidden"


def test_equal_data_are_never_sealed_to_equal_bytes():
    seal = Seal(KEY)
    sealed = [seal.seal(bytes(64)) for _ in range(20)]
    assert len({one[:12] for one in sealed}) == 20
    assert len({bytes(row) for one in sealed for row in blocks(one[12:-16])}) == 80


def test_a_new_key_is_another_one_each_time():
    keys = {Seal.new_key() for _ in range(10)}
    assert len(keys) == 10
    assert {len(key) for key in keys} == {32}


@pytest.mark.parametrize("buffer", [bytearray, memoryview])
def test_other_buffers_count_as_their_bytes(buffer):
    sealed = Seal(buffer(KEY)).seal(buffer(b"data"), buffer(b"name"))
    assert Seal(KEY).open(buffer(sealed), "name") == b"data"


def test_a_label_of_text_counts_as_its_utf_8_and_any_file_name_will_do():
    for label in ("Größe", "\udcff"):  # the second: a byte that is not UTF-8
        encoded = label.encode(errors="surrogatepass")
        assert Seal(KEY).open(Seal(KEY).seal(b"x", label), encoded) == b"x"


# -- what does not open ----------------------------------------------------------------


@given(data=st.binary(max_size=40), place=st.data())
def test_one_changed_bit_anywhere_is_noticed(data, place):
    sealed = bytearray(Seal(KEY).seal(data, "label"))
    bit = place.draw(st.integers(0, 8 * len(sealed) - 1))
    sealed[bit // 8] ^= 1 << bit % 8
    refused(lambda: Seal(KEY).open(bytes(sealed), "label"), DOES_NOT_OPEN)


@pytest.mark.parametrize("size", [0, 1, 12, 27])
def test_sealed_data_shorter_than_nonce_and_tag_were_cut_short(size):
    sealed = Seal(KEY).seal(b"data")[:size]
    refused(lambda: Seal(KEY).open(sealed), f"cut short.* 28 bytes, and .* {size};")


def test_a_wrong_key_a_wrong_label_and_a_lost_byte_cannot_be_told_apart():
    sealed = Seal(KEY).seal(b"data", "monday")
    said = {
        refused(lambda: Seal(Seal.new_key()).open(sealed, "monday"), DOES_NOT_OPEN),
        refused(lambda: Seal(KEY).open(sealed, "tuesday"), DOES_NOT_OPEN),
        refused(lambda: Seal(KEY).open(sealed), DOES_NOT_OPEN),
        refused(lambda: Seal(KEY).open(sealed[:-1], "monday"), DOES_NOT_OPEN),
    }
    assert len(said) == 1


# -- keys and types --------------------------------------------------------------------


@pytest.mark.parametrize("size", [0, 1, 15, 17, 31, 33, 64])
@pytest.mark.parametrize("take", [Seal, lambda key: repeating_cipher(key, b"")])
def test_a_key_of_another_length_is_refused_with_its_length(take, size):
    says = rf"16, 24 or 32 bytes, got {size}: Seal.new_key\(\) makes one"
    refused(lambda: take(bytes(size)), says)


def test_a_key_that_is_text_is_refused_and_not_told():
    for key in ("a password of 32 characters ....", "short"):
        assert key not in refused(lambda k=key: Seal(k), "bytes, and this one is text")
    refused(lambda: Seal(32), "bytes, and this one is of type int")
    refused(lambda: Seal(None), "bytes, and this one is of type NoneType")


def test_what_is_not_bytes_is_refused_with_its_type():
    seal = Seal(KEY)
    refused(lambda: seal.seal("text"), r"`data` must be bytes, got str: text.encode")
    refused(lambda: seal.seal(np.zeros(3)), r"got ndarray: .* array.tobytes")
    refused(lambda: seal.seal(b"", 7), "`label` must be bytes, got int")
    refused(lambda: seal.seal(b"", nonce=12), "`nonce` must be bytes, got int")
    refused(lambda: seal.open("text"), "`sealed` must be bytes, got str")
    refused(lambda: repeating_cipher(KEY, "text"), "`data` must be bytes, got str")


def test_data_that_are_too_long_for_one_nonce_are_refused():
    class Full:
        def encrypt(self, *_):
            raise OverflowError("Data or associated data too long.")

    seal = Seal(KEY)
    seal._cipher = Full()
    refused(lambda: seal.seal(bytes(1500)), "1,500 bytes are too many for one seal")


# -- nonces ----------------------------------------------------------------------------


@pytest.mark.parametrize("size", [0, 11, 13, 16])
def test_a_nonce_of_another_length_is_refused(size):
    says = f"A nonce has 12 bytes, got {size}: leave it out"
    refused(lambda: Seal(KEY).seal(b"data", nonce=bytes(size)), says)


def test_a_nonce_used_twice_is_refused_and_why():
    seal, nonce = Seal(KEY), bytes(12)
    sealed = seal.seal(b"first", nonce=nonce)
    assert sealed[:12] == nonce
    says = "used before: the XOR of two texts sealed under one nonce is the XOR of"
    refused(lambda: seal.seal(b"other", nonce=nonce), says)
    drawn = seal.seal(b"third")[:12]  # of its own, too
    refused(lambda: seal.seal(b"other", nonce=bytearray(drawn)), says)
    assert seal.open(sealed) == b"first"


def test_a_seal_that_failed_did_not_use_its_nonce():
    seal = Seal(KEY)
    refused(lambda: seal.seal("text", nonce=bytes(12)), "must be bytes")
    assert seal.open(seal.seal(b"text", nonce=bytes(12))) == b"text"


def test_two_seals_do_not_know_each_others_nonces_and_the_xor_is_out():
    texts = b"attack at dawn", b"retreat by six"
    one, other = (Seal(KEY).seal(text, nonce=bytes(12))[12:-16] for text in texts)
    known = bytes(a ^ b ^ c for a, b, c in zip(one, other, texts[0], strict=True))
    assert known == texts[1]


def test_each_nonce_is_kept_in_about_a_tenth_of_a_kilobyte():
    seal = Seal(KEY)
    tracemalloc.start()
    try:
        for _ in range(10_000):
            seal.seal(b"")
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert 45 < kept / 10_000 < 150
    with pytest.raises(TypeError):
        copy.deepcopy(seal)  # a copy would not know the nonces to come


# -- the cipher that repeats itself ----------------------------------------------------


def test_equal_blocks_give_equal_blocks_only_in_the_repeating_cipher():
    data = b"a" * 16 + b"b" * 16 + b"a" * 16 + b"c" * 16
    first, second, third, fourth = map(bytes, blocks(repeating_cipher(KEY, data)))
    assert first == third
    assert len({first, second, fourth}) == 3
    assert repeating_cipher(KEY, data) == repeating_cipher(KEY, data)
    assert len(np.unique(blocks(Seal(KEY).seal(data)[12:-16]), axis=0)) == 4


@given(st.lists(st.integers(0, 3), max_size=30))
def test_blocks_show_exactly_which_blocks_of_the_data_are_equal(kinds):
    data = b"".join(bytes([kind]) * 16 for kind in kinds)
    rows = [bytes(row) for row in blocks(repeating_cipher(KEY, data))]
    assert [rows.index(row) for row in rows] == [kinds.index(kind) for kind in kinds]


def test_the_repeating_cipher_agrees_with_the_standards_example():
    """NIST SP 800-38A, F.1.1, ECB-AES128, the first block."""
    key = bytes.fromhex("2b7e151628aed2a6abf7158809cf4f3c")
    data = bytes.fromhex("6bc1bee22e409f96e93d7e117393172a")
    assert repeating_cipher(key, data).hex() == "3ad77bb40d7a3660a89ecaf32466ef97"


def test_the_repeating_cipher_fills_up_with_zeros():
    assert repeating_cipher(KEY, b"") == b""
    for size in (1, 15, 16, 17):
        short = repeating_cipher(KEY, b"x" * size)
        filled = b"x" * size + bytes(-size % 16)
        assert short == repeating_cipher(KEY, filled)


def test_blocks_are_bytes_in_rows_of_16_that_may_be_changed():
    rows = blocks(bytes(range(48)))
    assert rows.shape == (3, 16)
    assert rows.dtype == np.uint8
    assert rows.tolist() == np.arange(48).reshape(3, 16).tolist()
    rows[0, 0] = 7
    assert blocks(b"").shape == (0, 16)


def test_what_is_not_whole_blocks_is_refused_with_its_length():
    refused(lambda: blocks(Seal(KEY).seal(bytes(16))), "44 bytes are not whole blocks")
    refused(lambda: blocks("text"), "`ciphertext` must be bytes, got str")
