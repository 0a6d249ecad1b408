"""Our EfficientNet with its authors' weights, beside the package's."""

from pathlib import Path

import pytest
import sklearn
import torch
from torch.nn import functional as F

from bigmodel_lab import models
from bigmodel_lab.datasets import own_picture
from bigmodel_lab.datasets.photos import efficientnet, photo_classes
from bigmodel_lab.models.efficientnet import EfficientNetLite


@pytest.fixture(scope="module")
def weights(fetched):
    return fetched(efficientnet)


@pytest.fixture(scope="module")
def ours(weights):
    return models.picture_encoder(weights)


@pytest.mark.parametrize("size", [224, 96])
def test_it_sees_what_the_package_sees(ours, weights, size):
    from efficientnet_lite_pytorch import EfficientNet

    theirs = EfficientNet.from_name("efficientnet-lite0")
    theirs.load_state_dict(weights)
    theirs.eval()
    pictures = torch.rand(3, 3, size, size, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        x = (255 * pictures - 127) / 128
        wanted = F.adaptive_avg_pool2d(theirs.extract_features(x), 1).flatten(1)
        torch.testing.assert_close(
            ours.features(pictures), wanted, atol=1e-4, rtol=1e-4
        )
        torch.testing.assert_close(
            ours(pictures), theirs._fc(wanted), atol=1e-3, rtol=1e-3
        )


def test_it_has_so_many_weights():
    model = EfficientNetLite()
    assert sum(w.numel() for w in model.parameters()) == 4_652_008


def test_batches_change_nothing(ours):
    pictures = torch.rand(4, 3, 64, 96)
    with torch.no_grad():
        whole = ours.features(pictures)
        single = ours.features(pictures[2:3])
    assert whole.shape == (4, 1280)
    torch.testing.assert_close(whole[2:3], single, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("shape", [(3, 96, 96), (1, 1, 96, 96), (1, 3, 100, 96)])
def test_pictures_of_another_shape_are_refused(shape):
    with pytest.raises(ValueError, match="multiples of 32, got"):
        EfficientNetLite().features(torch.zeros(shape))


def test_other_weights_are_refused(weights):
    for wrong in ({}, [3], weights | {"_fc.bias": torch.zeros(3)}):
        with pytest.raises(ValueError, match="not the weights of EfficientNet-Lite0"):
            models.picture_encoder(wrong)


def test_the_classes_have_names_in_the_order_of_the_logits(fetched):
    names = fetched(photo_classes)
    assert len(names) == 1000
    assert [names[0], names[285], names[985]] == ["tench", "Egyptian cat", "daisy"]


def test_it_knows_what_is_on_a_photo(ours, fetched):
    photo = Path(sklearn.__file__).parent / "datasets" / "images" / "flower.jpg"
    picture = own_picture(photo)
    with torch.no_grad():
        best = ours(picture.pixels[None]).argmax().item()
    assert fetched(photo_classes)[best] == "daisy"
