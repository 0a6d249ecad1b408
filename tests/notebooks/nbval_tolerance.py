"""A pytest plugin (see pyproject.toml): how nbval runs and compares our notebooks.

`--cpu-profile generic` runs them as on a processor without AVX, `avx2` as on one
without AVX-512; `--cpu-threads 2` gives every library two threads.
"""

import pytest
from nbval.plugin import IPyNbCell

from bigmodel_lab import tolerance
from bigmodel_lab.authoring import cpu_profiles


def pytest_addoption(parser):
    """Add the options that say which processor the notebooks' kernels are to be."""
    group = parser.getgroup("nbval")
    group.addoption(
        "--cpu-profile",
        choices=cpu_profiles.PROFILES,
        default="native",
        help="run the notebooks with the kernels of this processor",
    )
    group.addoption(
        "--cpu-threads",
        type=int,
        help="threads of the notebooks' kernels; as each chapter decides if left out",
    )


def pytest_configure(config):
    """Let nbval take numbers within their tolerance for equal; say which processor."""
    exactly = IPyNbCell.compare_outputs

    def within_tolerance(cell, test, ref, skip_compare=None):
        return exactly(cell, *tolerance.comparable(test, ref), skip_compare)

    IPyNbCell.compare_outputs = within_tolerance
    config.add_cleanup(lambda: setattr(IPyNbCell, "compare_outputs", exactly))
    try:
        variables = cpu_profiles.environment(
            config.option.cpu_profile, config.option.cpu_threads
        )
    except ValueError as error:
        raise pytest.UsageError(str(error)) from None
    # Progress bars off, as in `refresh`: no two are the same.
    config.notebook_environment = {"TQDM_DISABLE": "1", **variables}


def pytest_report_header(config):
    """Say in the first lines which processor the notebooks run on."""
    threads = config.option.cpu_threads or "as many as each chapter takes"
    return f"notebooks: {config.option.cpu_profile} kernels, threads: {threads}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item):
    """Start a notebook's kernel with the variables of its processor."""
    with pytest.MonkeyPatch.context() as patch:
        if isinstance(item, IPyNbCell):
            for name, value in item.config.notebook_environment.items():
                patch.setenv(name, value)
        return (yield)
