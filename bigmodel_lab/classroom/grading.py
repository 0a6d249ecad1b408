"""Grading: nbgrader's autograder over a class, with learners' code in the sandbox.

nbgrader restores the tests, keeps the gradebook and writes the feedback; its step that
runs a notebook is ours, in `execution.py`.
"""

import fcntl
import html
import json
import tempfile
import warnings
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path

from nbgrader.converters import Autograde
from nbgrader.preprocessors import Execute
from tqdm import tqdm

from bigmodel_lab.classroom import report, sandbox
from bigmodel_lab.classroom.execution import SandboxedExecute
from bigmodel_lab.classroom.folder import CourseFolder, reason
from bigmodel_lab.classroom.submissions import Submission, collect, copy_to_course
from bigmodel_lab.device import granted_cores

# A feedback page shows what learners wrote: it may display it, never run it.
_NO_SCRIPTS = (
    '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; '
    "style-src 'unsafe-inline'; img-src data:; form-action 'none'\">"
)


@dataclass
class Result:
    """The outcome of grading one submission.

    `exercises` has a dict for each exercise: exercise, score, points, outcome,
    misconception, message. `problem` says why nothing was graded, `remarks` what else
    the teacher should know; `late` is in seconds.
    """

    student: str
    assignment: str
    problem: str = ""
    remarks: list[str] = field(default_factory=list)
    exercises: list[dict] = field(default_factory=list)
    late: float = 0.0

    @property
    def score(self) -> float | None:
        """Return the points earned, or None if nothing was graded."""
        return None if self.problem else sum(e["score"] for e in self.exercises)

    @property
    def points(self) -> float:
        """Return the points that could be earned."""
        return sum(e["points"] for e in self.exercises)


def grade(
    course: Path,
    folder: Path,
    limits: sandbox.Limits | None = None,
    jobs: int | None = None,
    walls: bool = True,
) -> list[Result]:
    """Grade what was handed in, write CSV files and feedback, and print a summary.

    Parameters
    ----------
    course, folder : path
        The course folder, and the one with the submissions (see `collect`).
    limits : sandbox.Limits or None
        What a submission may take.
    jobs : int or None
        How many to grade at a time; None means as many as there are cores.
    walls : bool
        False runs learners' code as yourself.

    Returns
    -------
    list of Result
        One for each submission; those that cannot be graded have a `problem`.

    Raises
    ------
    ValueError
        If there is nothing to grade.
    RuntimeError
        If there is no sandbox to do it in.
    """
    limits, course = limits or sandbox.Limits(), CourseFolder(course)
    if walls:
        sandbox.check()
    with locked(course):
        submissions = collect(folder, course)
        results = [
            Result(one.student, one.assignment, one.problem)
            for one in submissions
            if one.problem
        ]
        fit = [one for one in submissions if not one.problem]
        results += _grade_all(course, fit, limits, jobs, walls)
        results.sort(key=lambda result: (result.student, result.assignment))
        report.write(results, course)
        report.show(results, course.path)
    return results


@contextmanager
def locked(course: CourseFolder) -> Iterator[None]:
    """Hold a course's lock; RuntimeError if another grading holds it."""
    with (course.path / ".grading").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise RuntimeError(
                f"Another grading of {course.path} is running: wait until it ends."
            ) from None
        yield


def _grade_all(course, submissions, limits, jobs, walls):
    """Yield the `Result` of each submission, several being graded at a time."""
    # Two assignments of a new learner, graded side by side, would both add the learner.
    with course.gradebook() as book:
        for student in {one.student for one in submissions}:
            with suppress(Exception):  # a name it refuses is reported below
                book.update_or_create_student(student)
    with ProcessPoolExecutor(jobs or granted_cores(), get_context("spawn")) as pool:
        running = {
            pool.submit(_grade_one, course.path, one, limits, walls): one
            for one in submissions
        }
        for future in tqdm(as_completed(running), "grading", len(running), unit="file"):
            try:
                yield future.result()
            except BrokenProcessPool:
                one = running[future]
                problem = "the grader itself was stopped meanwhile: grade again"
                yield Result(one.student, one.assignment, problem)


def _grade_one(folder: Path, submission: Submission, limits, walls) -> Result:
    """Have nbgrader grade one submission; return its `Result`."""
    warnings.filterwarnings("ignore", module="nbgrader|sqlalchemy")  # not our concern
    course = CourseFolder(folder)
    result = Result(
        submission.student, submission.assignment, remarks=submission.remarks
    )
    who = submission.assignment, submission.student
    with tempfile.TemporaryDirectory(prefix="lab") as scratch:
        scratch = Path(scratch)
        for name in ("arguments", "sockets"):
            (scratch / name).mkdir()
        steps = Autograde().autograde_preprocessors
        api = course.api(
            SandboxedExecute={
                "folder": scratch,
                "limits": limits,
                "walls": walls,
                "timeout": int(limits.cell_seconds),
            },
            Autograde={
                "autograde_preprocessors": [
                    SandboxedExecute if step is Execute else step for step in steps
                ]
            },
        )
        try:
            copy_to_course(submission, course)
            done = api.autograde(*who)
            if done["success"]:
                done = api.generate_feedback(*who)
            if not done["success"]:
                raise RuntimeError(reason(done))
            record = json.loads((scratch / "record.json").read_text())
            _finish_feedback(course, *who, record["exercises"])
        except Exception as error:  # whatever is wrong with one, the others go on
            result.problem = f"nbgrader could not grade it: {error}"
            return result
    result.exercises = record["exercises"]
    if record["ended"]:
        result.remarks.append(record["ended"])
    with course.gradebook() as book:
        result.late = book.find_submission(*who).total_seconds_late
    return result


def _finish_feedback(course, assignment, student, rows):
    """Replace "Test cell" by names on a feedback page, and keep scripts from running.

    nbgrader's template writes these words inside its one long block: our own template
    would have to repeat the whole block, and a preprocessor does not see it.
    """
    path = course.path / "feedback" / student / assignment / f"{assignment}.html"
    page = path.read_text(encoding="utf-8").replace("<head>", f"<head>{_NO_SCRIPTS}", 1)
    for row in rows:
        name = row["exercise"].partition(".")[2]
        page = page.replace(">Test cell<", f">{name}<", 1)
    title = f">{html.escape(student)}: {assignment} (Score"
    path.write_text(page.replace(f">{assignment} (Score", title, 1), encoding="utf-8")
