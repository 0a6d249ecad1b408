"""Print the oldest versions that pyproject.toml allows, and the tests' own tools.

    python tests/lowest.py > lowest.txt && pip install -r lowest.txt
    pytest tests/unit

shows that the lower bounds are true, in a virtual environment of its own.
"""

import re
import tomllib
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).parents[1]
project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
extras = project["project"]["optional-dependencies"]["classroom"]
lowest = {
    need.name: next(bound.version for bound in need.specifier if bound.operator == ">=")
    for need in map(Requirement, [*project["project"]["dependencies"], *extras])
}
for name, version in lowest.items():
    print(f"{name}=={version}")
for line in (ROOT / "tests/requirements.txt").read_text(encoding="utf-8").splitlines():
    tool = re.match(r"([\w-]+)==", line)
    if tool and tool[1] not in lowest:
        print(line)
print(f"-e {ROOT}")
