import subprocess
import sys

import pytest

import bigmodel_lab


def test_import_does_not_wait_for_torch():
    code = "import sys, bigmodel_lab; print('torch' in sys.modules)"
    out = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert out.stdout.strip() == "False"


@pytest.mark.parametrize("name", bigmodel_lab.__all__)
def test_every_public_name_resolves_and_is_listed(name):
    assert getattr(bigmodel_lab, name) is not None
    assert name in dir(bigmodel_lab)


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'taining'"):
        _ = bigmodel_lab.taining
