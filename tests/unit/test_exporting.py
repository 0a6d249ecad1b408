"""A network as an ONNX file: the same answers for any batch, and nothing else."""

import logging
import warnings

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from torch import nn

from bigmodel_lab.models import digit_cnn
from bigmodel_lab.serving.exporting import to_onnx
from bigmodel_lab.serving.network import open_network


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """Return a network in training mode, with dropout, and the file it is in."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Dropout(0.5), digit_cnn())
    path = tmp_path_factory.mktemp("exported") / "digits.onnx"
    assert to_onnx(model, path) == path
    return model, path


@pytest.mark.parametrize("size", [1, 3, 50])
def test_onnx_answers_as_torch_does_in_evaluation_mode(exported, size):
    model, path = exported
    images = torch.rand(size, 1, 28, 28)
    with torch.no_grad():
        logits = model[1](images).numpy()  # without dropout
    (answer,) = open_network(path).run(["logits"], {"images": images.numpy()})
    assert answer.shape == (size, 10)
    assert np.allclose(answer, logits, atol=1e-4)
    assert np.ptp(answer) > 1e-3  # not ten zeros


def test_the_model_stays_in_training_mode(exported):
    assert all(layer.training for layer in exported[0].modules())


def test_the_file_has_names_and_weights_but_no_folder_of_this_machine(exported):
    path = exported[1]
    network = onnx.load(path)
    onnx.checker.check_model(network, full_check=True)
    assert [value.name for value in network.graph.input] == ["images"]
    assert [value.name for value in network.graph.output] == ["logits"]
    assert [*path.parent.iterdir()] == [path]
    content = path.read_bytes()
    assert b".py" not in content
    assert b"site-packages" not in content
    weights = 4 * sum(weight.numel() for weight in exported[0].parameters())
    assert weights < len(content) < weights + 5_000


def test_it_says_nothing_and_logging_goes_on_afterward(tmp_path, capfd):
    disabled = logging.root.manager.disable
    with warnings.catch_warnings(record=True) as warned:
        to_onnx(nn.Sequential(nn.Flatten(), nn.Linear(784, 10)), tmp_path / "a.onnx")
    assert not warned
    assert capfd.readouterr() == ("", "")
    assert logging.root.manager.disable == disabled


class Branching(nn.Module):
    """It looks at the numbers, which an exporter cannot follow."""

    def forward(self, images):
        flat = images.flatten(1)[:, :10]
        return flat if images.sum() > 1 else -flat


class ByTheBatch(nn.Module):
    """It answers otherwise for larger batches, which the exporter leaves out."""

    def forward(self, images):
        flat = images.flatten(1)[:, :10]
        return flat if len(images) < 3 else -flat


class InTwos(nn.Module):
    """It reads two images, no more and no less."""

    def forward(self, images):
        return images.reshape(2, 784)[:, :10]


@pytest.mark.parametrize("model", [Branching(), ByTheBatch(), InTwos()])
def test_what_cannot_be_exported_is_told_and_the_old_file_stays(tmp_path, model, capfd):
    path = tmp_path / "digits.onnx"
    path.write_bytes(b"as it was")
    with pytest.raises(ValueError, match=r"^The model cannot be exported .* branches"):
        to_onnx(model, path)
    assert path.read_bytes() == b"as it was"
    assert capfd.readouterr() == ("", "")


def test_an_export_that_answers_otherwise_is_refused(tmp_path, monkeypatch):
    class Liar(onnxruntime.InferenceSession):
        def run(self, *args):
            return [super().run(*args)[0] + 0.01]

    monkeypatch.setattr(onnxruntime, "InferenceSession", Liar)
    with pytest.raises(ValueError, match="the exported one gives other logits"):
        to_onnx(nn.Sequential(nn.Flatten(), nn.Linear(784, 10)), tmp_path / "a.onnx")
    assert not (tmp_path / "a.onnx").exists()


@pytest.mark.parametrize(
    ("model", "says"),
    [
        (nn.Flatten(), r"logits \(2, 10\) .* got \(2, 784\)"),
        (nn.Conv2d(3, 1, 1), r"must read images \(N, 1, 28, 28\).* 3 channels"),
        (digit_cnn().double(), r"float64.* model\.float\(\)"),
        (nn.LSTM(28, 10), "must read images"),
    ],
)
def test_another_kind_of_model_gets_the_reason(tmp_path, model, says):
    with pytest.raises(ValueError, match=says):
        to_onnx(model, tmp_path / "digits.onnx")


def test_what_is_no_model_and_a_folder_that_is_missing_are_told(tmp_path):
    with pytest.raises(TypeError, match=r"an nn\.Module, not 'digits'"):
        to_onnx("digits", tmp_path / "digits.onnx")
    with pytest.raises(FileNotFoundError, match=r"no folder .*lost: make it first"):
        to_onnx(digit_cnn(), tmp_path / "lost" / "digits.onnx")
