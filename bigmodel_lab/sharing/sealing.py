"""Encryption that hides data and notices a change, and one that does neither.

D3 §3 and §4 (`E_K(D)`); D1 §9.4. AES-GCM: NIST SP 800-38D. All of it is computed by
the package `cryptography`: a cipher of one's own is for reading only.
"""

import os

import numpy as np
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

NONCE, TAG, BLOCK = 12, 16, 16  # bytes
KEYS = (16, 24, 32)  # bytes: AES-128, AES-192, AES-256
BUFFERS = (bytes, bytearray, memoryview)


class SealError(ValueError):
    """Data that cannot be sealed or opened, in one sentence; it never tells the key."""


class Seal:
    """Seals bytes with AES-GCM: who lacks the key can neither read nor change them.

    `D` becomes `E_K(D)`, but never the same bytes twice: each time a nonce, a number
    used once, is drawn at random and sent along, in the open.

    The memory holds the key and every nonce that this object has used, about 0.1 kB
    for each. It forgets them when it ends, and a second Seal with the same key
    never knew them. Seal at most 2^32 times with one key, over all programs that have
    it: with more, two random nonces are too likely the same (NIST SP 800-38D, 8.3).

    Parameters
    ----------
    key : bytes
        16, 24 or 32 of them, such as `Seal.new_key()` makes.

    Raises
    ------
    SealError
        If the key is not of these lengths, or is text.
    """

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(_checked_key(key))
        self._used = set()

    @staticmethod
    def new_key() -> bytes:
        """Return a random key of 32 bytes. Who loses it loses the data, too."""
        return AESGCM.generate_key(bit_length=256)

    def seal(
        self, data: bytes, label: bytes | str = "", nonce: bytes | None = None
    ) -> bytes:
        """Return `data` sealed: 12 bytes of nonce, the ciphertext, 16 bytes of tag.

        Parameters
        ----------
        data : bytes
            Fewer than 2^31; the length stays visible.
        label : bytes or str
            What belongs to the data but is not secret, such as a file's name. It is
            not stored: who opens must give the same one (text counts as its UTF-8).
        nonce : bytes, optional
            12 of them, for experiments only. Leave it out, and it is drawn at random.

        Raises
        ------
        SealError
            If `data` or `label` is of another type or too long, or the nonce is not
            12 bytes or was used before.
        """
        data, label = _as_bytes("data", data), _as_bytes("label", label)
        nonce = os.urandom(NONCE) if nonce is None else _as_bytes("nonce", nonce)
        self._check_nonce(nonce)
        try:
            sealed = self._cipher.encrypt(nonce, data, label)
        except OverflowError:
            size = max(len(data), len(label))
            raise SealError(
                f"{size:,} bytes are too many for one seal: cut them into parts of "
                f"less than 2^31 bytes, each with its number in the label."
            ) from None
        self._used.add(nonce)
        return nonce + sealed

    def open(self, sealed: bytes, label: bytes | str = "") -> bytes:
        """Return the data that `seal` sealed under the same key and label.

        Raises
        ------
        SealError
            If a bit was changed, bytes are missing, or key or label are others. AES-GCM
            cannot tell these apart, and gives back nothing rather than something wrong.
        """
        sealed, label = _as_bytes("sealed", sealed), _as_bytes("label", label)
        if len(sealed) < NONCE + TAG:
            raise SealError(
                f"The sealed data were cut short: nonce and tag alone have "
                f"{NONCE + TAG} bytes, and these are {len(sealed)}; get them again."
            )
        try:
            return self._cipher.decrypt(sealed[:NONCE], sealed[NONCE:], label)
        except InvalidTag:
            raise SealError(
                "This does not open: the key or the label is another one, or the bytes "
                "were changed or cut short, and nobody can tell which; check key and "
                "label, and get the data again."
            ) from None

    def _check_nonce(self, nonce):
        """Raise SealError unless `nonce` has its length and is new to this Seal."""
        if len(nonce) != NONCE:
            raise SealError(
                f"A nonce has {NONCE} bytes, got {len(nonce)}: leave it out, and one "
                f"is drawn at random."
            )
        if nonce in self._used:
            raise SealError(
                "This nonce was used before: the XOR of two texts sealed under one "
                "nonce is the XOR of their ciphertexts, which everyone can compute; "
                "leave it out, and a new one is drawn."
            )


def repeating_cipher(key: bytes, data: bytes) -> bytes:
    """Encrypt each 16 bytes by themselves (AES-ECB): for the attack; never use it.

    Equal blocks of data become equal blocks of ciphertext, and no change is noticed:
    an `E_K(D)` that depends on key and data alone (D3 §4). `data` is filled up with
    zeros to a multiple of 16 bytes. Raises SealError for a key or data like `Seal`'s.
    """
    data = _as_bytes("data", data)
    cipher = Cipher(algorithms.AES(_checked_key(key)), modes.ECB())
    return cipher.encryptor().update(data + bytes(-len(data) % BLOCK))


def blocks(ciphertext: bytes) -> np.ndarray:
    """Return ciphertext as an array (N, 16) of bytes: a row for each block of AES.

    Of what `Seal` made, these are the blocks: `sealed[12:-16]`. Raises SealError if
    the length is not a multiple of 16.
    """
    ciphertext = _as_bytes("ciphertext", ciphertext)
    if len(ciphertext) % BLOCK:
        raise SealError(
            f"{len(ciphertext)} bytes are not whole blocks of {BLOCK}: leave out what "
            f"is not ciphertext (of a Seal the first {NONCE} and the last {TAG})."
        )
    return np.frombuffer(ciphertext, np.uint8).reshape(-1, BLOCK).copy()


def _checked_key(key):
    """Return `key`; SealError unless it is bytes of a length that AES takes."""
    if not isinstance(key, BUFFERS):
        kind = "text" if isinstance(key, str) else f"of type {type(key).__name__}"
        raise SealError(
            f"A key is bytes, and this one is {kind}: Seal.new_key() makes one (a "
            f"password is too easy to guess)."
        )
    if len(key) not in KEYS:
        raise SealError(
            f"A key of AES has 16, 24 or 32 bytes, got {len(key)}: Seal.new_key() "
            f"makes one."
        )
    return bytes(key)


def _as_bytes(name, value):
    """Return a buffer's bytes, of a text label its UTF-8; SealError for all else."""
    if name == "label" and isinstance(value, str):
        return value.encode(errors="surrogatepass")  # any file's name can be a label
    if not isinstance(value, BUFFERS):
        raise SealError(
            f"`{name}` must be bytes, got {type(value).__name__}: text.encode() or "
            f"array.tobytes() makes them."
        )
    return bytes(value)
