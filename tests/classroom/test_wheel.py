"""The wheel, as Colab installs it, without a checkout: it holds the whole library."""

import subprocess
import sys
import zipfile

from bigmodel_lab.authoring.notebooks import ROOT


def test_the_wheel_holds_every_file_of_the_library(tmp_path):
    pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps"]
    subprocess.run([*pip, "--wheel-dir", tmp_path, ROOT], check=True)
    (wheel,) = tmp_path.glob("*.whl")
    held = {name for name in zipfile.ZipFile(wheel).namelist() if "-info/" not in name}
    library = (path for path in ROOT.glob("bigmodel_lab/**/*") if path.is_file())
    ours = {path.relative_to(ROOT).as_posix() for path in library}
    assert held == {name for name in ours if "__pycache__" not in name}
    assert "bigmodel_lab/authoring/course.toml" in held
