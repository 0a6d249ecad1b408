"""Grading: nbgrader's autograder over a class, with learners' code in the sandbox.

nbgrader restores the tests, keeps the gradebook and writes the feedback. Between its
run of a notebook and its scores, the results that left the sandbox are judged.
"""

import fcntl
import html
import json
import re
import tempfile
import warnings
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path

from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbformat.v4 import new_output
from nbgrader.converters import Autograde
from nbgrader.preprocessors import Execute
from tqdm import tqdm
from traitlets import Bool, Instance

from bigmodel_lab import exercises
from bigmodel_lab.classroom import handover, report, sandbox
from bigmodel_lab.classroom.course import Course, reason
from bigmodel_lab.classroom.submissions import collect, place
from bigmodel_lab.device import granted_cores
from bigmodel_lab.exercises.core import Feedback

_TEST = re.compile(
    r'^lab\.classroom\.grade\("([\w.]+)", \w+, points=([\d.e+-]+), seed=(\d+)\)$', re.M
)
# A page of what learners wrote: it may show, and do nothing.
_NO_SCRIPTS = (
    '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; '
    "style-src 'unsafe-inline'; img-src data:; form-action 'none'\">"
)


@dataclass
class Result:
    """What became of one submission.

    `exercises` has a dict for each exercise: exercise, score, points, outcome,
    misconception, message. `problem` says why nothing was graded, `remarks` what else
    the teacher should know.
    """

    student: str
    assignment: str
    problem: str = ""
    remarks: list = field(default_factory=list)
    exercises: list = field(default_factory=list)
    late: float = 0.0

    @property
    def score(self):
        """Return the points, or None if nothing was graded."""
        return None if self.problem else sum(e["score"] for e in self.exercises)

    @property
    def points(self):
        """Return the points that could be had."""
        return sum(e["points"] for e in self.exercises)


class SandboxedExecute(Execute):
    """nbgrader's step that runs a notebook, in a sandbox, and judges what comes out."""

    folder = Instance(Path).tag(config=True)
    limits = Instance(sandbox.Limits).tag(config=True)
    walls = Bool(True).tag(config=True)

    def preprocess(self, nb, resources, km=None):
        """Run the notebook; replace each test's output by its score and feedback."""
        self.ended, self.printed = "", 0
        tests = [
            (cell, *test.groups())
            for cell in nb.cells
            if cell.metadata.get("nbgrader", {}).get("grade")
            and (test := _TEST.search(cell.source))
        ]
        drawn = {name: handover.cases(name, int(seed)) for _, name, _, seed in tests}
        for name, cases in drawn.items():
            handover.prepare(self.folder / "arguments", name, cases)
        nb, resources = super().preprocess(nb, resources)
        outcomes = [
            self._judge(cell, name, drawn[name], float(points))
            for cell, name, points, _ in tests
        ]
        record = {"exercises": outcomes, "ended": self.ended}
        (self.folder / "record.json").write_text(json.dumps(record))
        return nb, resources

    def create_kernel_manager(self):
        """Return the manager of a kernel in the sandbox."""
        self.km = sandbox.SandboxedKernel(
            folder=self.folder, limits=self.limits, walls=self.walls
        )
        return self.km

    def preprocess_cell(self, cell, resources, index):
        """Run a cell; once the kernel has ended, say so in place of a run."""
        if not self.ended:
            try:
                return super().preprocess_cell(cell, resources, index)
            except DeadKernelError:
                why = self.km.stopped or "the program ended itself or crashed"
            except CellTimeoutError:  # raised where an interrupt changes nothing
                why = f"it ran on after {self.timeout} s, though interrupted"
            self.ended = f"{why}, in the cell `{cell.source.strip().splitlines()[0]}`"
        if cell.cell_type == "code":
            cell.outputs = [_error("Stopped", f"The run was stopped: {self.ended}.")]
        return cell, resources

    def process_message(self, msg, cell, cell_index):
        """Take a message, but not without end."""
        self.printed += len(str(msg["content"]))
        if "metadata" in msg["content"]:
            msg["content"]["metadata"] = {}  # sizes of pictures, written unquoted
        if self.printed > self.limits.output:
            self.km.stop("it printed without end")
            return None
        return super().process_message(msg, cell, cell_index)

    def handle_comm_msg(self, outs, msg, cell_index):
        """Leave out what is said to widgets: nobody looks at them here."""

    def _judge(self, cell, name, cases, points):
        """Put score and feedback in place of a test's output; return them."""
        results = self._results(cell)
        score, feedback = handover.mark(exercises.find(name), cases, results, points)
        cell.source = cell.source.partition("\n### BEGIN HIDDEN TESTS")[0]
        said = f"{score:g} of {points:g} points\n{feedback!r}"
        cell.outputs = [
            new_output("display_data", {"text/html": _page(said)}),
            # The number that nbgrader takes for the score.
            new_output("execute_result", {"text/plain": repr(score)}),
        ]
        return {
            "exercise": name,
            "score": score,
            "points": points,
            "outcome": feedback.outcome,
            "misconception": feedback.misconception or "",
            "message": feedback.message,
        }

    def _results(self, cell):
        """Return the results that a test handed over, or the `Feedback` instead."""
        packages = [o.data[handover.MIME] for o in cell.outputs if _is_package(o)]
        if packages:
            try:
                return handover.receive(packages[-1])
            except ValueError as error:
                return Feedback("error", str(error))
        errors = [o for o in cell.outputs if o.output_type == "error"]
        if any(o.ename in ("CellTimeoutError", "KeyboardInterrupt") for o in errors):
            seconds = self.limits.cell_seconds
            return Feedback(
                "error", f"It did not end within {seconds:g} s: a loop without an end?"
            )
        if errors and errors[0].ename == "NameError":
            return Feedback(
                "error",
                f"{errors[0].evalue[:200]}: did its cell stop with an error, or is it "
                "called otherwise, or defined below?",
            )
        if errors:
            name = "" if errors[0].ename == "Stopped" else f"{errors[0].ename}: "
            return Feedback("error", f"{name}{errors[0].evalue}"[:2000])
        return Feedback(
            "error",
            "The test ran, but no results came out of it: does the program change what "
            "the test needs?",
        )


def _is_package(output):
    """Tell whether an output holds results that were handed over."""
    return output.output_type == "display_data" and handover.MIME in output.data


def _page(text):
    """Return lines of text as HTML that nbconvert's sanitizer leaves as it is."""
    first, *others = map(html.escape, text.splitlines())
    lines = [f"<b>{first}</b>", *others]
    return "".join(f"<div>{line}</div>" for line in lines)


def _error(name, text):
    """Return an error as a cell's output."""
    return new_output("error", ename=name, evalue=text, traceback=[text])


def grade(course, folder, limits=None, jobs=None, walls=True):
    """Grade what was handed in, write CSV files and feedback, and print a summary.

    Parameters
    ----------
    course, folder : path
        The course folder, and the one with the submissions (see `collect`).
    limits : sandbox.Limits or None
        What a submission may take.
    jobs : int or None
        How many are graded at a time; None means as many as there are cores.
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
    limits, course = limits or sandbox.Limits(), Course(course)
    if walls:
        sandbox.check()
    with _alone(course):
        return _grade(course, folder, limits, jobs, walls)


@contextmanager
def _alone(course):
    """Hold a course's lock; RuntimeError if another grading has it."""
    with (course.folder / ".grading").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise RuntimeError(
                f"Another grading of {course.folder} is running: wait for its end."
            ) from None
        yield


def _grade(course, folder, limits, jobs, walls):
    """Do what `grade` says."""
    submissions = collect(folder, course)
    results = [
        Result(one.student, one.assignment, one.problem)
        for one in submissions
        if one.problem
    ]
    fit = [one for one in submissions if not one.problem]
    # Two assignments of a new learner, graded side by side, would both enter them.
    with course.gradebook() as book:
        for student in {one.student for one in fit}:
            with suppress(Exception):  # whoever has a name it refuses is told so below
                book.update_or_create_student(student)
    with ProcessPoolExecutor(jobs or granted_cores(), get_context("spawn")) as pool:
        running = {
            pool.submit(_grade_one, course.folder, one, limits, walls): one
            for one in fit
        }
        for future in tqdm(as_completed(running), "grading", len(fit), unit="file"):
            try:
                results.append(future.result())
            except BrokenProcessPool:
                one = running[future]
                problem = "the grader itself was stopped meanwhile: grade again"
                results.append(Result(one.student, one.assignment, problem))
    results.sort(key=lambda result: (result.student, result.assignment))
    report.write(results, course)
    report.show(results, course.folder)
    return results


def _grade_one(folder, submission, limits, walls):
    """Have nbgrader grade one submission; return its `Result`."""
    warnings.filterwarnings("ignore", module="nbgrader|sqlalchemy")  # their own affairs
    course = Course(folder)
    result = Result(
        submission.student, submission.assignment, remarks=submission.remarks
    )
    who = submission.assignment, submission.student
    with tempfile.TemporaryDirectory(prefix="lab") as scratch:
        scratch = Path(scratch)
        for name in ("arguments", "sockets"):
            (scratch / name).mkdir()
        api = course.api(
            SandboxedExecute={
                "folder": scratch,
                "limits": limits,
                "walls": walls,
                "timeout": int(limits.cell_seconds),
            },
            Autograde={"autograde_preprocessors": _steps()},
        )
        try:
            place(submission, course)
            done = api.autograde(*who)
            if done["success"]:
                done = api.generate_feedback(*who)
            if not done["success"]:
                raise RuntimeError(reason(done))
            record = json.loads((scratch / "record.json").read_text())
            _finish(course, *who, record["exercises"])
        except Exception as error:  # whatever is wrong with one, the others go on
            result.problem = f"nbgrader could not grade it: {error}"
            return result
    result.exercises = record["exercises"]
    if record["ended"]:
        result.remarks.append(record["ended"])
    with course.gradebook() as book:
        result.late = book.find_submission(*who).total_seconds_late
    return result


def _finish(course, assignment, student, rows):
    """Give a feedback page names in place of "Test cell", and shut scripts out."""
    path = course.folder / "feedback" / student / assignment / f"{assignment}.html"
    page = path.read_text(encoding="utf-8").replace("<head>", f"<head>{_NO_SCRIPTS}", 1)
    for row in rows:
        name = row["exercise"].partition(".")[2]
        page = page.replace(">Test cell<", f">{name}<", 1)
    title = f">{html.escape(student)}: {assignment} (Score"
    path.write_text(page.replace(f">{assignment} (Score", title, 1), encoding="utf-8")


def _steps():
    """Return nbgrader's steps of autograding, with its `Execute` replaced."""
    steps = Autograde().autograde_preprocessors
    return [SandboxedExecute if step is Execute else step for step in steps]
