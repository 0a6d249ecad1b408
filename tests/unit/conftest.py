"""Fixtures of several unit tests."""

import pytest
import torch


@pytest.fixture(params=["cpu", *(["cuda"] if torch.cuda.is_available() else [])])
def device(request):
    """Run the test on the CPU, and once more on a graphics card where there is one."""
    return request.param
