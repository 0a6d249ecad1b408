"""A course folder as nbgrader lays it out: source, release, gradebook, grades."""

import os
import re
import sys
from datetime import UTC
from pathlib import Path

CONFIG = '''\
"""nbgrader's settings for this course; yours to change, never overwritten."""

c = get_config()  # noqa: F821
c.ClearSolutions.code_stub = {"python": "..."}  # as in the chapters
c.OverwriteCells.add_missing_cells = True
c.HTMLExporter.sanitize_html = True  # feedback shows what learners printed
'''


class Course:
    """A course folder, made if it is `new`.

    Raises RuntimeError where nbgrader is missing, ValueError if there is no course.
    """

    def __init__(self, folder, new=False):
        self.folder = Path(folder).resolve()
        config = self.folder / "nbgrader_config.py"
        if not new and not config.exists():
            raise ValueError(
                f"{folder} is no course folder: make an assignment in it with "
                f"`python -m bigmodel_lab assignment 02 --out {folder}`."
            )
        try:
            import nbgrader  # noqa: F401
        except ImportError:
            raise RuntimeError(
                "Assignments need nbgrader, which is not installed: "
                'pip install "bigmodel_lab[classroom]", or in a checkout '
                'pip install -e ".[classroom]".'
            ) from None
        # nbgrader starts `alembic` by name, which lies beside this Python.
        beside = str(Path(sys.executable).parent)
        if beside not in os.environ["PATH"].split(os.pathsep):
            os.environ["PATH"] = beside + os.pathsep + os.environ["PATH"]
        self.folder.mkdir(parents=True, exist_ok=True)
        if not config.exists():
            config.write_text(CONFIG, encoding="utf-8")

    def api(self, **settings):
        """Return nbgrader's API on this folder; `settings` are traitlets by class."""
        from nbgrader.apps import NbGraderAPI
        from traitlets.config import PyFileConfigLoader

        loader = PyFileConfigLoader("nbgrader_config.py", str(self.folder))
        config = loader.load_config()
        config.CourseDirectory.root = str(self.folder)
        for name, values in settings.items():
            config[name].update(values)
        return NbGraderAPI(config=config)

    def gradebook(self):
        """Return nbgrader's gradebook, a context manager."""
        from nbgrader.api import Gradebook

        return Gradebook(f"sqlite:///{self.folder / 'gradebook.db'}")

    def scores(self):
        """Return the scores in the gradebook: what a teacher corrected there, too.

        A dict (student, assignment) -> dict of the tests' names -> (score, points).
        """
        if not (self.folder / "gradebook.db").exists():
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

    def graded(self, assignment, names):
        """Return for how many learners an assignment was graded.

        Raises ValueError if there are some, and its tests were not those of `names`:
        their points would be lost.
        """
        if not (self.folder / "gradebook.db").exists():
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

    def release(self, assignment, due=None):
        """Have nbgrader make what learners get of an assignment; return its path."""
        done = self.api().generate_assignment(assignment)
        if not done["success"]:
            raise RuntimeError(
                f"nbgrader could not make the release of {assignment}: {reason(done)}"
            )
        with self.gradebook() as book:
            if due:  # else one that was given before stays
                utc = due.astimezone(UTC).replace(tzinfo=None)  # as nbgrader has it
                book.update_or_create_assignment(assignment, duedate=utc)
        return self.released(assignment)

    def released(self, assignment):
        """Return the path of an assignment's release."""
        return self.folder / "release" / assignment / f"{assignment}.ipynb"

    def assignments(self):
        """Return the names of the assignments that were released."""
        return sorted(path.stem for path in self.folder.glob("release/*/*.ipynb"))


def grade_id_of(name):
    """Return nbgrader's id of an exercise's test: it allows no dots."""
    return name.replace(".", "-")


def reason(done):
    """Return the last error that nbgrader logged, as one line."""
    said = f"{done.get('error') or ''}\n{done.get('log') or ''}"
    errors = re.findall(r"^\s*([\w.]*(?:Error|Exception|Warning): .+)", said, re.M)
    telling = [error for error in errors if "Please see the" not in error]
    return (telling or errors or ["no reason given"])[-1]
