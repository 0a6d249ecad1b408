"""The check-up: what it finds on a healthy machine, and on a sick one."""

import pytest

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


@pytest.mark.parametrize(("kilobytes", "ok"), [(900_000, False), (1_000_000, True)])
def test_memory_is_read_from_the_system(tmp_path, kilobytes, ok):
    meminfo = tmp_path / "meminfo"
    meminfo.write_text(f"MemTotal: 9 kB\nMemAvailable:  {kilobytes} kB\nOther: 1 kB\n")
    finding = doctor.memory(meminfo)
    assert finding.ok is ok
    assert bool(finding.advice) is not ok


def test_memory_is_not_measured_elsewhere(tmp_path):
    finding = doctor.memory(tmp_path / "absent")
    assert finding == Finding("memory", True, "not measured on this system")


def test_data_lists_what_is_at_hand_and_what_can_be_fetched(monkeypatch, tmp_path):
    monkeypatch.setenv("BIGMODEL_LAB_CACHE", str(tmp_path / "cache"))
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / "mnist-test-labels").write_bytes(b"not a whole file")
    finding = doctor.data()
    assert finding.ok
    here = "saratoga_houses, dow_jones, ames_houses, food-reviews-train, "
    here += "food-reviews-test, mnist-5k"
    assert finding.detail.startswith(f"at hand: {here}; cache: ")
    assert "fetch mnist-train-images" in finding.advice
    assert "mnist-test-labels" in finding.advice


def test_data_without_a_place_to_keep_it(monkeypatch, tmp_path):
    (tmp_path / "file").touch()
    monkeypatch.setenv("BIGMODEL_LAB_CACHE", str(tmp_path / "file" / "cache"))
    finding = doctor.data()
    assert not finding.ok
    assert "set the environment variable BIGMODEL_LAB_CACHE" in finding.advice


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
        *("Python", "packages", "device", "threads", "memory"),
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


def test_run_prints_aligned_text_and_returns_the_exit_status(monkeypatch, capsys):
    fine = Finding("short", True, "yes")
    noted = Finding("noted", True, "none", "Optional.")
    sick = Finding("much longer", False, "no", "Mend it.")
    monkeypatch.setattr(doctor, "report", lambda: [fine, noted])
    assert doctor.run() == 0
    capsys.readouterr()
    monkeypatch.setattr(doctor, "report", lambda: [fine, noted, sick])
    assert doctor.run() == 1
    assert capsys.readouterr().out.splitlines() == [
        "ok       short        yes",
        "ok       noted        none",
        "                      Optional.",
        "PROBLEM  much longer  no",
        "                      Mend it.",
    ]


def test_what_only_teachers_need_is_no_failure(monkeypatch):
    monkeypatch.setattr(doctor.importlib.util, "find_spec", lambda name: None)
    finding = doctor.classroom()
    assert finding.ok
    assert "[classroom]" in finding.advice
    monkeypatch.undo()
    monkeypatch.setenv("PATH", "/nowhere")
    finding = doctor.classroom()
    assert finding.ok
    assert "needs bubblewrap" in finding.advice
