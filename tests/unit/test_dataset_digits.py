"""MNIST: the 5,000 digits, all 70,000, and files that are damaged."""

import functools
import gzip
import re
import threading
from dataclasses import replace
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pandas as pd
import pytest
import torch

from bigmodel_lab import datasets
from bigmodel_lab.datasets import fetching


@pytest.fixture(scope="module")
def digits():
    return datasets.mnist()


def test_mnist_has_its_shapes_types_and_range(digits):
    X_train, y_train, X_test, y_test = digits
    assert X_train.shape == (4000, 1, 28, 28)
    assert X_test.shape == (1000, 1, 28, 28)
    for images in (X_train, X_test):
        assert images.dtype == torch.float32
        assert (images.min(), images.max()) == (0, 1)
        assert images[:, :, [0, -1]].mean() < 0.001, "ink at the edge"
        assert images[:, :, 12:16, 12:16].mean() > 0.3, "no ink in the middle"
    assert y_train.dtype == y_test.dtype == torch.int64


def test_mnist_has_as_many_of_each_digit_in_a_mixed_order(digits):
    _, y_train, _, y_test = digits
    assert y_train.bincount().tolist() == [400] * 10
    assert y_test.bincount().tolist() == [100] * 10
    for labels in (y_train, y_test):
        same_as_before = (labels[1:] == labels[:-1]).double().mean()
        assert 0.05 < same_as_before < 0.15, "sorted by class?"


def test_mnist_keeps_every_image_with_its_label(digits):
    X_train, y_train, X_test, y_test = digits
    raw = pd.read_csv(fetching.fetch("mnist-5k"), header=None).to_numpy()
    pixels = (torch.cat([X_train, X_test]).reshape(-1, 784) * 255).round().long()
    ours = torch.column_stack([pixels, torch.cat([y_train, y_test])]).numpy()
    assert np.array_equal(np.unique(ours, axis=0), np.unique(raw, axis=0))
    assert len(np.unique(ours, axis=0)) == 5000, "an image in training and in test"


def test_mnist_is_always_the_same(digits):
    for first, second in zip(digits, datasets.mnist(), strict=True):
        assert torch.equal(first, second)
    assert digits[1][:10].tolist() == [3, 3, 4, 4, 6, 7, 4, 8, 4, 1]
    assert digits[3][:10].tolist() == [0, 5, 1, 1, 5, 2, 5, 5, 5, 3]


def test_mnist_leaves_the_global_random_numbers_alone():
    np.random.seed(5)
    torch.manual_seed(5)
    expected = np.random.RandomState(5).rand(), torch.get_rng_state()
    datasets.mnist()
    assert np.random.rand() == expected[0]
    assert torch.equal(torch.get_rng_state(), expected[1])


@pytest.mark.parametrize("full", [1, "yes", None, 70_000])
def test_mnist_is_full_or_not_and_nothing_else(full):
    with pytest.raises(TypeError, match=re.escape(f"(5,000), got {full!r}.")):
        datasets.mnist(full=full)


@pytest.fixture(scope="module")
def all_digits(fetched):
    return fetched(datasets.mnist, full=True)


def test_full_mnist_has_the_published_numbers_of_digits(all_digits):
    X_train, y_train, X_test, y_test = all_digits
    assert X_train.shape == (60_000, 1, 28, 28)
    assert X_test.shape == (10_000, 1, 28, 28)
    counts = [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    assert y_train.bincount().tolist() == counts
    counts = [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    assert y_test.bincount().tolist() == counts
    assert y_train[:10].tolist() == [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]
    assert y_test[:10].tolist() == [7, 2, 1, 0, 4, 1, 4, 9, 5, 9]
    # The mean and the standard deviation that everybody's Normalize has.
    assert X_train.mean().item() == pytest.approx(0.1307, abs=5e-5)
    assert X_train.std().item() == pytest.approx(0.3081, abs=5e-5)


def test_full_mnist_is_of_the_same_kind_as_the_5000(digits, all_digits):
    for few, many in zip(digits, all_digits, strict=True):
        assert many.dtype == few.dtype
        assert many.shape[1:] == few.shape[1:]
        assert many.stride() == few.stride()
        assert (many.min(), many.max()) == (few.min(), few.max())


def labels_by_image(images, labels):
    """Return {the 784 pixels as bytes: the label}."""
    rows = (images * 255).round().byte().reshape(-1, 784).numpy()
    return dict(zip(map(bytes, rows), labels.tolist(), strict=True))


def test_the_5000_are_among_the_full_training_digits_only(digits, all_digits):
    few = labels_by_image(*digits[:2]) | labels_by_image(*digits[2:])
    train = labels_by_image(*all_digits[:2])
    assert few.items() <= train.items()
    assert not few.keys() & labels_by_image(*all_digits[2:]).keys()


@pytest.fixture
def mirror(monkeypatch, tmp_path):
    """Let the full MNIST come gzipped from this machine, and start an empty cache."""
    packed = tmp_path / "packed"
    packed.mkdir()

    class Handler(SimpleHTTPRequestHandler):
        def log_message(self, *args):
            pass

    handler = functools.partial(Handler, directory=packed)
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as http:
        for part in ("train-images", "train-labels", "test-images", "test-labels"):
            name = f"mnist-{part}"
            content = fetching.fetch(name).read_bytes()
            (packed / f"{part}.gz").write_bytes(gzip.compress(content, compresslevel=1))
            places = (f"http://127.0.0.1:{http.server_port}/{part}.gz",)
            file = replace(fetching.FILES[name], places=places)
            monkeypatch.setitem(fetching.FILES, name, file)
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        monkeypatch.setenv("BIGMODEL_LAB_CACHE", str(tmp_path / "cache"))
        thread = threading.Thread(target=http.serve_forever, args=(0.01,))
        thread.start()
        yield
        http.shutdown()
        thread.join()


def test_full_mnist_is_the_same_from_a_mirror(all_digits, mirror):
    assert fetching.on_disk("mnist-train-images") is None
    for ours, theirs in zip(all_digits, datasets.mnist(full=True), strict=True):
        assert torch.equal(ours, theirs)


def idx(magic, shape, values):
    return np.array([magic, *shape], ">u4").tobytes() + bytes(values)


IMAGES = idx(2051, (2, 28, 28), [7] * 1568)
LABELS = idx(2049, (2,), [3, 9])


@pytest.fixture
def read_mnist(monkeypatch, tmp_path):
    """Return a function that gives the full MNIST made of these two files."""

    def read(images, labels):
        for kind, content in (("images", images), ("labels", labels)):
            for part in ("train", "test"):
                (tmp_path / f"mnist-{part}-{kind}").write_bytes(content)
        # fetch would notice: this is what is read if a file changes after its check.
        monkeypatch.setattr(fetching, "fetch", lambda name: tmp_path / name)
        return datasets.mnist(full=True)

    return read


def test_full_mnist_reads_idx_files(read_mnist):
    images = idx(2051, (2, 28, 28), [0] * 783 + [255] + [51] * 784)
    X, y, _, _ = read_mnist(images, LABELS)
    assert X.shape == (2, 1, 28, 28)
    assert X[0].flatten()[[0, 782, 783]].tolist() == [0, 0, 1]
    assert (X[1] == 0.2).all()
    assert y.tolist() == [3, 9]


@pytest.mark.parametrize(
    ("images", "labels", "says"),
    [
        (
            b"",
            LABELS,
            "images is not a complete idx .*magic number is None, not 2051",
        ),
        (b"\0\0", LABELS, "the magic number is None, not 2051"),
        # Without a time: every worker must name this test alike.
        (gzip.compress(IMAGES, mtime=0), LABELS, "magic number is 529205248, not 2051"),
        (LABELS, LABELS, "in 3 dimension.*the magic number is 2049, not 2051"),
        (IMAGES[:4], LABELS, r"0 values for the shape \[\]"),
        (IMAGES[:5], LABELS, r"1 values for the shape \[\]"),
        (IMAGES[:14], LABELS, r"2 values for the shape \[2, 28\]"),
        (IMAGES[:-1], LABELS, r"1,567 values for the shape \[2, 28, 28\]"),
        (IMAGES + b"\0", LABELS, "1,569 values"),
        (idx(2051, [2**32 - 1] * 3, [1]), LABELS, "1 values .*4294967295"),
        (idx(2051, (2, 14, 56), [7] * 1568), LABELS, r"\(2, 14, 56\) for 2 labels"),
        (idx(2051, (1, 28, 28), [7] * 784), LABELS, r"\(1, 28, 28\) for 2 labels"),
        (
            IMAGES,
            LABELS[:-1],
            r"labels is not a complete .*1 values for the shape \[2\]",
        ),
        (IMAGES, IMAGES, "in 1 dimension.*the magic number is 2051, not 2049"),
        (IMAGES, idx(2049, (2,), [3, 10]), "labels of MNIST are 0 to 9, got 10"),
    ],
)
def test_full_mnist_refuses_a_file_that_is_damaged(images, labels, says, read_mnist):
    with pytest.raises(ValueError, match=says):
        read_mnist(images, labels)
