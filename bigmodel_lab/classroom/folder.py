"""A course folder as nbgrader lays it out: source, release, gradebook, grades."""

import json
import os
import re
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

CONFIG = '''\
"""nbgrader's settings for this course; yours to change, never overwritten."""

c = get_config()  # noqa: F821
c.ClearSolutions.code_stub = {"python": "..."}  # as in the chapters
c.OverwriteCells.add_missing_cells = True
c.HTMLExporter.sanitize_html = True  # feedback shows what learners printed
'''


class CourseFolder:
    """A course folder at `path`, made if it is `new`.

    Raises RuntimeError where nbgrader is missing, ValueError if there is no course.
    """

    def __init__(self, path: Path, new: bool = False):
        self.path = Path(path).resolve()
        config = self.path / "nbgrader_config.py"
        if not new and not config.exists():
            raise ValueError(
                f"{path} is not a course folder: make an assignment in it with "
                f"`python -m bigmodel_lab assignment 02 --out {path}`."
            )
        try:
            import nbgrader  # noqa: F401
        except ImportError:
            raise RuntimeError(
                "Assignments need nbgrader, which is not installed: "
                'pip install "bigmodel_lab[classroom]", or in a checkout '
                'pip install -e ".[classroom]".'
            ) from None
        # nbgrader starts `alembic` by name: it is in the same folder as this Python.
        programs = str(Path(sys.executable).parent)
        if programs not in os.environ["PATH"].split(os.pathsep):
            os.environ["PATH"] = programs + os.pathsep + os.environ["PATH"]
        self.path.mkdir(parents=True, exist_ok=True)
        if not config.exists():
            config.write_text(CONFIG, encoding="utf-8")

    def api(self, **settings: dict):
        """Return nbgrader's API on this folder; `settings` are traitlets by class."""
        from nbgrader.apps import NbGraderAPI
        from traitlets.config import PyFileConfigLoader

        loader = PyFileConfigLoader("nbgrader_config.py", str(self.path))
        config = loader.load_config()
        config.CourseDirectory.root = str(self.path)
        for name, values in settings.items():
            config[name].update(values)
        return NbGraderAPI(config=config)

    def gradebook(self):
        """Return nbgrader's gradebook, a context manager."""
        from nbgrader.api import Gradebook

        return Gradebook(f"sqlite:///{self.path / 'gradebook.db'}")

    def remembered(self, name: str) -> dict:
        """Return what the course keeps in a JSON file of its own; {} without one."""
        path = self.path / name
        return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}

    def remember(self, name: str, what: dict) -> None:
        """Keep something in a JSON file; nothing in no file."""
        path = self.path / name
        if not what:
            path.unlink(missing_ok=True)
            return
        temporary = path.with_suffix(".tmp")
        text = json.dumps(what, indent=1, ensure_ascii=False, sort_keys=True)
        temporary.write_text(f"{text}\n", encoding="utf-8")
        temporary.replace(path)

    def times(self) -> dict[tuple[str, str], tuple[datetime | None, datetime | None]]:
        """Return when each was handed in, and when it was due, in UTC or None.

        A dict (student, assignment) -> (time handed in, deadline).
        """
        if not (self.path / "gradebook.db").exists():
            return {}
        with self.gradebook() as book:
            return {
                (one.student.id, one.assignment.name): (
                    one.timestamp and one.timestamp.replace(tzinfo=UTC),
                    assignment.duedate and assignment.duedate.replace(tzinfo=UTC),
                )
                for assignment in book.assignments
                for one in book.assignment_submissions(assignment.name)
            }

    def scores(self) -> dict[tuple[str, str], dict[str, tuple[float, float]]]:
        """Return the scores in the gradebook, with what a teacher corrected there.

        A dict (student, assignment) -> dict of the tests' names -> (score, points).
        """
        if not (self.path / "gradebook.db").exists():
            return {}
        with self.gradebook() as book:
            return {
                (one.student.id, one.assignment.name): {
                    grade.name: (grade.score, grade.max_score)
                    for notebook in one.notebooks
                    for grade in notebook.grades
                }
                for assignment in book.assignments
                for one in book.assignment_submissions(assignment.name)
            }

    def learners_graded(self, assignment: str, names: Iterable[str]) -> int:
        """Return for how many learners an assignment was graded.

        Raises ValueError if there are some, and its tests were not those of `names`:
        their points would be lost.
        """
        if not (self.path / "gradebook.db").exists():
            return 0
        with self.gradebook() as book:
            count = len(book.assignment_submissions(assignment))
            if not count:
                return 0
            before = {
                cell.name
                for notebook in book.find_assignment(assignment).notebooks
                for cell in notebook.grade_cells
            }
        if before != set(names):
            raise ValueError(
                f"{assignment} was graded for {count} learners with other exercises. "
                "Make this one in another course folder."
            )
        return count

    def make_release(self, assignment: str, due: datetime | None = None) -> Path:
        """Have nbgrader make what learners get of an assignment; return its path."""
        done = self.api().generate_assignment(assignment)
        if not done["success"]:
            raise RuntimeError(
                f"nbgrader could not make the release of {assignment}: {reason(done)}"
            )
        with self.gradebook() as book:
            if due:  # without one, an earlier due date stays
                utc = due.astimezone(UTC).replace(tzinfo=None)  # as nbgrader has it
                book.update_or_create_assignment(assignment, duedate=utc)
        return self.release(assignment)

    def release(self, assignment: str) -> Path:
        """Return the path of an assignment's release."""
        return self.path / "release" / assignment / f"{assignment}.ipynb"

    def assignments(self) -> list[str]:
        """Return the names of the assignments that were released."""
        return sorted(path.stem for path in self.path.glob("release/*/*.ipynb"))


def grade_id_of(name: str) -> str:
    """Return nbgrader's id of an exercise's test: it allows no dots."""
    return name.replace(".", "-")


def reason(done: dict) -> str:
    """Return the last error that nbgrader logged, as one line."""
    text = f"{done.get('error') or ''}\n{done.get('log') or ''}"
    errors = re.findall(r"^\s*([\w.]*(?:Error|Exception|Warning): .+)", text, re.M)
    telling = [error for error in errors if "Please see the" not in error]
    return (telling or errors or ["no reason given"])[-1]
