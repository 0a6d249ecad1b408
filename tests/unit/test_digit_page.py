"""The page that reads a digit by itself: what is in it, and which networks it takes."""

import base64
import gzip
import hashlib
import re

import numpy as np
import onnx
import pytest
from bs4 import BeautifulSoup
from onnx import TensorProto, helper, numpy_helper

from bigmodel_lab.datasets import fetching
from bigmodel_lab.datasets.sources import ARCHIVES
from bigmodel_lab.serving import page as page_module
from bigmodel_lab.serving.page import digit_page, edge_frame


def network(names=("images", "logits"), shape=("n", 1, 28, 28), kind="FLOAT", out=10):
    """Return the smallest digit network: ten of the pixels are the logits."""
    take = numpy_helper.from_array(np.arange(100, 100 + out), "pixels")
    flat = helper.make_node("Flatten", [names[0]], ["flat"])
    pick = helper.make_node("Gather", ["flat", "pixels"], [names[1]], axis=1)
    kind = getattr(TensorProto, kind)
    graph = helper.make_graph(
        [flat, pick],
        "digits",
        [helper.make_tensor_value_info(names[0], kind, shape)],
        [helper.make_tensor_value_info(names[1], kind, ["n", out])],
        [take],
    )
    opset = [helper.make_opsetid("", 20)]
    return helper.make_model(graph, opset_imports=opset, ir_version=10)


@pytest.fixture
def model(tmp_path):
    """Write a digit network; return its path."""
    path = tmp_path / "digits.onnx"
    onnx.save(network(), path)
    return path


@pytest.fixture
def runtime(monkeypatch, tmp_path):
    """Put two small files in the place of ONNX Runtime Web."""
    contents = {"onnxruntime-web-script": b"script", "onnxruntime-web-wasm": b"wasm"}

    def fetch(name):
        path = tmp_path / name
        path.write_bytes(contents[name])
        return path

    monkeypatch.setattr(page_module, "fetch", fetch)


@pytest.fixture
def read(model, runtime, tmp_path):
    """Return the page of the network, read."""
    path = tmp_path / "digits.html"
    assert digit_page(model, path) == path
    return BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")


def test_model_and_runtime_are_in_the_page(read, model):
    blocks = {block["id"]: block.string for block in read.find_all("script", id=True)}
    unpacked = {k: gzip.decompress(base64.b64decode(t)) for k, t in blocks.items()}
    assert unpacked == {
        "network": model.read_bytes(),
        "script": b"script",
        "wasm": b"wasm",
    }


def test_its_policy_allows_no_address_and_its_own_script_and_style_only(read):
    meta = read.find("meta", {"http-equiv": "Content-Security-Policy"})
    policy = dict(part.strip().split(" ", 1) for part in meta["content"].split(";"))
    texts = read.find("script", id=False).string, read.style.string
    digests = [hashlib.sha256(text.encode()).digest() for text in texts]
    script, style = (base64.b64encode(digest).decode() for digest in digests)
    assert policy == {
        "default-src": "'none'",
        "script-src": f"'sha256-{script}' blob: 'wasm-unsafe-eval'",
        "style-src": f"'sha256-{style}'",
        "img-src": "data:",
        "connect-src": "'none'",
        "base-uri": "'none'",
        "form-action": "'none'",
    }


def test_nothing_in_it_comes_from_elsewhere(read, tmp_path):
    page = (tmp_path / "digits.html").read_text(encoding="utf-8")
    assert not re.search(r"https?:|//\w+\.|@import|url\(|%[A-Z]+%", page)
    assert str(tmp_path) not in page
    assert not read.find_all(src=True)
    (icon,) = read.find_all(href=True)
    assert icon["href"] == "data:,"  # a browser would ask for one
    attributes = {name for element in read.find_all(True) for name in element.attrs}
    assert not {a for a in attributes if a.startswith("on")} | attributes & {"style"}


def test_it_has_a_language_a_title_and_a_width_for_phones(read):
    assert read.html["lang"] == "en"
    assert read.title.string == "Draw a digit"
    viewport = read.find("meta", {"name": "viewport"})
    assert viewport["content"] == "width=device-width, initial-scale=1"


def test_whose_the_runtime_is_stands_in_the_page(read, tmp_path):
    page = (tmp_path / "digits.html").read_text(encoding="utf-8")
    terms = "Copyright (c) Microsoft Corporation\n\nPermission is hereby granted"
    assert terms in page
    version = next(a for a in ARCHIVES if a.startswith("onnxruntime-web@"))
    assert version.replace("onnxruntime-web@", "ONNX Runtime Web ") in read.footer.text


def test_the_same_network_makes_the_same_page(model, runtime, tmp_path):
    pages = [digit_page(str(model), tmp_path / f"{k}.html") for k in range(2)]
    assert pages[0].read_bytes() == pages[1].read_bytes()


def test_with_the_real_runtime_it_is_below_7_megabytes(model, tmp_path, fetched):
    path = fetched(digit_page, model, tmp_path / "digits.html")
    assert 4_500_000 < path.stat().st_size < 7_000_000
    assert b"://" not in path.read_bytes()


# -- what cannot become a page ---------------------------------------------------------


def refuses(error, says, model, path):
    """Check that there is one sentence, and no page."""
    with pytest.raises(error, match=says) as caught:
        digit_page(model, path)
    assert "\n" not in str(caught.value)
    assert not path.exists()


def test_what_is_missing_is_told(model, runtime, tmp_path):
    lost = tmp_path / "lost.onnx"
    says = r"no file .*lost\.onnx: write it with lab\.to_onnx"
    refuses(FileNotFoundError, says, lost, tmp_path / "digits.html")
    says = r"no folder .*nowhere: make it first"
    refuses(FileNotFoundError, says, model, tmp_path / "nowhere" / "digits.html")


@pytest.mark.parametrize("content", [b"", b"no network", None])
def test_a_file_that_is_no_whole_network_is_told(model, runtime, tmp_path, content):
    content = model.read_bytes()[:-100] if content is None else content
    model.write_bytes(content)
    says = r"digits\.onnx is not a whole ONNX network \(\S.*\): write it with"
    refuses(ValueError, says, model, tmp_path / "digits.html")


def test_weights_in_another_file_are_told(model, runtime, tmp_path):
    onnx.save(
        network(), model, save_as_external_data=True, size_threshold=0, location="w"
    )
    assert (tmp_path / "w").exists()
    says = "is not a whole ONNX network"
    refuses(ValueError, says, model, tmp_path / "digits.html")


@pytest.mark.parametrize(
    "other",
    [
        {"names": ("x", "logits")},
        {"names": ("images", "y")},
        {"shape": ("n", 3, 28, 28)},
        {"shape": ("n", 784)},
        {"kind": "DOUBLE"},
        {"out": 9},
    ],
)
def test_another_kind_of_network_is_told_with_what_it_has(
    model, runtime, tmp_path, other
):
    onnx.save(network(**other), model)
    names = other.get("names", ("images", "logits"))
    says = rf"must turn 'images' .* it has '{names[0]}' tensor.* -> '{names[1]}' tensor"
    refuses(ValueError, says, model, tmp_path / "digits.html")


def test_a_network_whose_training_diverged_is_told(model, runtime, tmp_path):
    graph = network()
    graph.graph.node[1].output[0] = "picked"
    graph.graph.initializer.append(
        numpy_helper.from_array(np.array(np.nan, np.float32), "nan")
    )
    graph.graph.node.append(helper.make_node("Add", ["picked", "nan"], ["logits"]))
    onnx.save(graph, model)
    says = "not finite: its training has diverged"
    refuses(ValueError, says, model, tmp_path / "digits.html")


def test_without_a_runtime_there_is_no_page(model, tmp_path, monkeypatch):
    def fetch(name):
        raise fetching.DataUnavailable(f"{name} could not be fetched")

    monkeypatch.setattr(page_module, "fetch", fetch)
    with pytest.raises(fetching.DataUnavailable, match="web-script could not"):
        digit_page(model, tmp_path / "digits.html")
    assert not (tmp_path / "digits.html").exists()


# -- the frame -------------------------------------------------------------------------


def test_a_frame_has_the_path_from_the_notebook_and_a_title(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pages").mkdir()
    (tmp_path / "pages" / "my page.html").touch()
    for path in ("pages/my page.html", tmp_path / "pages" / "my page.html"):
        frame = edge_frame(path, title='Which "7"?', height=500)
        attributes = BeautifulSoup(frame.data, "html.parser").iframe.attrs
        assert attributes["src"] == "pages/my%20page.html"
        assert attributes["title"] == 'Which "7"?'
        assert attributes["height"] == "500"
        assert str(tmp_path) not in frame.data
    assert repr(frame) == "<IPython.core.display.HTML object>"


def test_a_page_that_jupyterlab_would_not_find_is_told(tmp_path, monkeypatch):
    (tmp_path / "here").mkdir()
    (tmp_path / "digits.html").touch()
    monkeypatch.chdir(tmp_path / "here")
    with pytest.raises(FileNotFoundError, match=r"no page lost\.html: write it with"):
        edge_frame("lost.html")
    for path in ("../digits.html", tmp_path / "digits.html"):
        with pytest.raises(ValueError, match=r"outside the .*, \"digits\.html\"\)"):
            edge_frame(path)
