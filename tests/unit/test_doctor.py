"""The check-up: what it finds on a healthy machine, and on a sick one."""

import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace

import pytest
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager

from bigmodel_lab import doctor
from bigmodel_lab.doctor import Finding


@pytest.fixture
def metadata(monkeypatch, tmp_path):
    """Return a function that gives the package other requirements."""

    def write(*lines):
        info = tmp_path / "bigmodel_lab-0.1.0.dist-info"
        info.mkdir()
        head = ["Metadata-Version: 2.1", "Name: bigmodel_lab", "Version: 0.1.0"]
        (info / "METADATA").write_text("\n".join([*head, *lines, ""]))
        monkeypatch.syspath_prepend(tmp_path)

    return write


def test_python_in_and_out_of_the_supported_range(metadata):
    assert doctor.python().ok
    metadata("Requires-Python: >=4.2")
    finding = doctor.python()
    assert not finding.ok
    assert ">=4.2" in finding.advice


def test_packages_tells_the_missing_and_the_outdated(metadata):
    metadata(
        "Requires-Dist: pooch",
        "Requires-Dist: no-such-package-here",
        "Requires-Dist: numpy <1",
        'Requires-Dist: for-no-system ; sys_platform == "none"',
        'Requires-Dist: for-an-extra ; extra == "more"',
    )
    finding = doctor.packages()
    assert not finding.ok
    missing, outdated = finding.detail.split("; ")
    assert missing == "no-such-package-here is missing"
    assert outdated.startswith("numpy ")
    assert outdated.endswith(" is not <1")
    assert "pip install -r requirements.txt" in finding.advice


def test_packages_counts_those_that_are_right(metadata):
    metadata("Requires-Dist: pooch >=1", "Requires-Dist: packaging")
    assert doctor.packages() == Finding("packages", True, "all 2 as required")


def test_device_that_is_there_and_one_that_is_not(monkeypatch):
    monkeypatch.setenv("BIGMODEL_LAB_DEVICE", "cpu")
    assert doctor.device() == Finding("device", True, "cpu")
    monkeypatch.setenv("BIGMODEL_LAB_DEVICE", "abacus")
    finding = doctor.device()
    assert not finding.ok
    assert "BIGMODEL_LAB_DEVICE=abacus" in finding.advice


def test_threads_must_not_exceed_the_granted_cores(monkeypatch):
    monkeypatch.setattr("torch.get_num_threads", lambda: 8)
    monkeypatch.setattr("bigmodel_lab.device.granted_cores", lambda: 8)
    assert doctor.threads().ok
    monkeypatch.setattr("bigmodel_lab.device.granted_cores", lambda: 2)
    finding = doctor.threads()
    assert not finding.ok
    assert "OMP_NUM_THREADS=2" in finding.advice


def test_threads_that_are_no_number_are_named(monkeypatch):
    monkeypatch.setattr("torch.get_num_threads", lambda: 1)
    for wish, ok in (("abc", False), ("0", False), ("1", True), ("2,1", True)):
        monkeypatch.setenv("OMP_NUM_THREADS", wish)
        finding = doctor.threads()
        assert finding.ok is ok, wish
        assert (f"OMP_NUM_THREADS={wish} is no number" in finding.detail) is not ok


@pytest.mark.parametrize(
    ("limits", "detail", "advice"),
    [
        ({"free": 9e8, "cgroup": 2e9}, "0.9 GB free", "Shut down"),
        ({"free": 9e9, "cgroup": 5e8}, "0.5 GB allowed by the cgroup", "hub for 1 GB"),
        ({"free": 9e9, "ulimit": 6e8}, "0.6 GB allowed by the ulimit", "ulimit -v unl"),
        ({"free": 9e9, "cgroup": 1e9}, "1.0 GB allowed by the cgroup", ""),
    ],
)
def test_memory_is_the_least_that_anything_allows(monkeypatch, limits, detail, advice):
    monkeypatch.setattr(doctor, "memory_limits", lambda: limits)
    finding = doctor.memory()
    assert finding.detail == f"{detail}, 1 GB needed"
    assert finding.ok is not bool(advice)
    assert advice in finding.advice


def test_memory_is_not_measured_elsewhere(monkeypatch):
    monkeypatch.setattr(doctor, "memory_limits", dict)
    assert doctor.memory() == Finding("memory", True, "not measured on this system")


def test_a_shell_with_little_memory_gets_short_and_true_advice():
    """Under `ulimit -v` torch cannot be loaded: no package is missing."""
    resource = pytest.importorskip("resource")

    def limit():
        resource.setrlimit(resource.RLIMIT_AS, (600_000_000, 600_000_000))

    command = [sys.executable, "-m", "bigmodel_lab", "doctor"]
    done = subprocess.run(command, capture_output=True, text=True, preexec_fn=limit)
    assert done.returncode == 1
    assert "0.6 GB allowed by the ulimit, 1 GB needed" in done.stdout
    assert "Lift the limit of this shell" in done.stdout
    assert done.stdout.count("PROBLEM") == 1
    assert not done.stderr


def kernel(monkeypatch, program):
    """Let Jupyter's kernel python3 be this program."""
    spec = KernelSpec(argv=[str(program), "-m", "ipykernel"], resource_dir="/k/python3")
    monkeypatch.setattr(KernelSpecManager, "get_kernel_spec", lambda *_: spec)


@pytest.mark.parametrize("program", ["python", Path(sys.executable).with_name("py")])
def test_jupyter_has_a_kernel_that_is_this_python(monkeypatch, program):
    kernel(monkeypatch, program)
    assert doctor.jupyter().ok


def test_jupyter_with_another_pythons_kernel(monkeypatch):
    kernel(monkeypatch, "/other/bin/python")
    finding = doctor.jupyter()
    assert not finding.ok
    assert f"is /other/bin/python, not {sys.executable}" in finding.detail
    assert "Delete the folder /k/python3" in finding.advice


def test_jupyter_that_is_missing_is_named(monkeypatch):
    monkeypatch.setattr(doctor.importlib.util, "find_spec", lambda name: None)
    finding = doctor.jupyter()
    assert not finding.ok
    assert finding.detail == "jupyterlab is missing and ipykernel is missing"
    assert finding.advice == doctor.INSTALL


def test_data_lists_what_is_at_hand_and_what_can_be_fetched(monkeypatch, tmp_path):
    monkeypatch.setenv("BIGMODEL_LAB_CACHE", str(tmp_path / "cache"))
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / "mnist-test-labels").write_bytes(b"not a whole file")
    finding = doctor.data()
    assert finding.ok
    here = "saratoga_houses, dow_jones, ames_houses, credit_applications, "
    here += "film_ratings, mortgage_applications, "
    here += "food-reviews-train, food-reviews-test, mnist-5k, "
    here += "tang-poems, glosses"
    assert finding.detail.startswith(f"at hand: {here}; cache: ")
    assert "fetch mnist-train-images" in finding.advice
    assert "mnist-test-labels" in finding.advice


def test_data_without_a_place_to_keep_it(monkeypatch, tmp_path):
    (tmp_path / "file").touch()
    monkeypatch.setenv("BIGMODEL_LAB_CACHE", str(tmp_path / "file" / "cache"))
    finding = doctor.data()
    assert not finding.ok
    assert "set the environment variable BIGMODEL_LAB_CACHE" in finding.advice


@pytest.mark.parametrize(("free", "ok"), [(99_000_000, False), (100_000_000, True)])
def test_data_on_a_full_disk(monkeypatch, tmp_path, free, ok):
    monkeypatch.setenv("BIGMODEL_LAB_CACHE", str(tmp_path))
    usage = SimpleNamespace(free=free)
    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda folder: usage)
    finding = doctor.data()
    assert finding.ok is ok
    assert finding.detail.startswith("the disk is full: 99 MB free in") is not ok


def test_chromium_is_looked_for_and_never_a_failure(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("PLAYWRIGHT_BROWSERS_PATH", str(tmp_path))
    finding = doctor.chromium()
    assert finding.ok
    assert "none found" in finding.detail
    assert "Only the browser tests need it" in finding.advice
    (tmp_path / "chromium-1234").mkdir()
    found = Finding("Chromium", True, str(tmp_path / "chromium-1234"))
    assert doctor.chromium() == found


def test_widgets_names_the_front_end_that_is_missing(monkeypatch, tmp_path):
    first, second = tmp_path / "user", tmp_path / "system"
    monkeypatch.setattr(
        "jupyter_core.paths.jupyter_path", lambda *parts: [str(first), str(second)]
    )

    def install(folder, name):
        (folder / name).mkdir(parents=True)
        (folder / name / "package.json").touch()

    install(first, "bqplot")
    finding = doctor.widgets()
    assert not finding.ok
    assert finding.detail == "@jupyter-widgets/jupyterlab-manager is missing"
    assert finding.advice
    install(second, "@jupyter-widgets/jupyterlab-manager")
    assert doctor.widgets().ok


def test_report_looks_at_everything_and_advises_on_every_problem():
    findings = doctor.report()
    assert [finding.what for finding in findings] == [
        *("Python", "packages", "Jupyter", "memory", "device", "threads"),
        *("data", "widgets", "Chromium", "classroom"),
    ]
    assert all(finding.detail for finding in findings)
    assert all(finding.ok or finding.advice for finding in findings)


def test_a_check_that_breaks_is_a_finding(monkeypatch):
    def torch():
        raise ModuleNotFoundError("No module named 'torch'")

    monkeypatch.setattr(doctor, "CHECKS", (torch,))
    (finding,) = doctor.report()
    assert finding == Finding(
        "torch", False, "ModuleNotFoundError: No module named 'torch'", doctor.INSTALL
    )


def test_what_is_optional_is_no_failure_even_if_it_cannot_be_looked_at(monkeypatch):
    monkeypatch.setitem(sys.modules, "pooch", None)
    monkeypatch.setitem(sys.modules, "packaging.requirements", None)
    for module in ("classroom.sandbox", "datasets.fetching"):
        monkeypatch.delitem(sys.modules, f"bigmodel_lab.{module}", raising=False)
    for module in ("classroom", "datasets"):
        package = import_module(f"bigmodel_lab.{module}")
        for name in ("sandbox", "fetching"):
            monkeypatch.delattr(package, name, raising=False)
    marks = {finding.what: finding.mark for finding in doctor.report()}
    assert marks["packages"] == "PROBLEM"
    assert marks["data"] == "PROBLEM"
    assert marks["Chromium"] in ("ok", "note")
    assert marks["classroom"] == "note"


def test_a_crash_is_told_in_one_line_without_what_libraries_print(monkeypatch, capfd):
    def numbers():
        os.write(2, b"OpenBLAS: no memory\n" * 300)
        raise ImportError("libtorch.so: failed to map segment\n" * 300)

    monkeypatch.setattr(doctor, "CHECKS", (numbers,))
    assert doctor.run() == 1
    shown = capfd.readouterr()
    assert not shown.err
    assert len(shown.out.splitlines()) == 2


def test_run_prints_aligned_text_and_returns_the_exit_status(monkeypatch, capsys):
    fine = Finding("short", True, "yes")
    noted = Finding("noted", True, "none", "Optional.")
    sick = Finding("much longer", False, "no", "Mend it.")
    too = Finding("also", False, "no", "Mend it.")
    monkeypatch.setattr(doctor, "report", lambda: [fine, noted])
    assert doctor.run() == 0
    capsys.readouterr()
    monkeypatch.setattr(doctor, "report", lambda: [fine, noted, sick, too])
    assert doctor.run() == 1
    assert capsys.readouterr().out.splitlines() == [
        "ok       short        yes",
        "note     noted        none",
        "                      Optional.",
        "PROBLEM  much longer  no",
        "                      Mend it.",
        "PROBLEM  also         no",
    ]


def test_what_only_teachers_need_is_no_failure(monkeypatch):
    monkeypatch.setattr(doctor.importlib.util, "find_spec", lambda name: None)
    finding = doctor.classroom()
    assert finding.mark == "note"
    assert "[classroom]" in finding.advice


@pytest.mark.parametrize(("system", "mark"), [("linux", "PROBLEM"), ("darwin", "note")])
def test_a_teacher_without_a_sandbox_is_not_told_that_all_is_well(
    monkeypatch, system, mark
):
    pytest.importorskip("nbgrader")
    monkeypatch.setattr(doctor.sys, "platform", system)
    monkeypatch.setenv("PATH", "/nowhere")
    finding = doctor.classroom()
    assert finding.mark == mark
    assert finding.detail == "no sandbox to grade in"
    assert "needs bubblewrap" in finding.advice
