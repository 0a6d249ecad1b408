"""Grading: nbgrader's autograder over a class, with learners' code in the sandbox.

nbgrader restores the tests, keeps the gradebook and writes the feedback; its step that
runs a notebook is ours, in `execution.py`. Each submission is graded in a process of
its own: whatever happens to one, the others go on.
"""

import fcntl
import json
import multiprocessing
import shutil
import signal
import tempfile
import threading
import time
import warnings
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path

from nbgrader.api import MissingEntry
from nbgrader.converters import Autograde
from nbgrader.preprocessors import Execute
from tqdm import tqdm

from bigmodel_lab.classroom import isolated, pages, report, sandbox
from bigmodel_lab.classroom.execution import SandboxedExecute
from bigmodel_lab.classroom.folder import CourseFolder, reason
from bigmodel_lab.classroom.journal import Journal
from bigmodel_lab.classroom.submissions import Submission, collect, copy_to_course
from bigmodel_lab.device import granted_cores

# What nbgrader may take for a submission besides the run of its cells.
GRADER_SECONDS, GRADER_MEMORY = 120, 2e9
WRITE_SECONDS = 2  # between two writings of the CSV files
LOOK_SECONDS = 0.2  # between two looks whether to stop


@dataclass
class Result:
    """The outcome of grading one submission.

    `exercises` has a dict for each exercise: exercise, score, points, outcome,
    misconception, message. `problem` says why nothing was graded, `remarks` what else
    the teacher should know.
    """

    student: str
    assignment: str
    problem: str = ""
    remarks: list[str] = field(default_factory=list)
    exercises: list[dict] = field(default_factory=list)

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
    scheduler: str = "",
) -> list[Result]:
    """Grade what was handed in, write CSV files and feedback, and print a summary.

    What a grading that was stopped had finished is not graded again.

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
    scheduler : str
        The address of dask's scheduler: its workers run learners' code.

    Returns
    -------
    list of Result
        One for each submission; those that cannot be graded have a `problem`.

    Raises
    ------
    ValueError
        If there is nothing to grade.
    RuntimeError
        If there is no sandbox to do it in, or no scheduler at that address.
    """
    limits, course = limits or sandbox.Limits(), CourseFolder(course)
    if scheduler:
        jobs = jobs or workers(scheduler)
    elif walls:
        sandbox.check()
    with locked(course), _noting_ctrl_c() as asked_to_stop:
        submissions, journal = collect(folder, course), Journal(course)
        results, written = [], time.monotonic()
        how = {"limits": limits, "walls": walls, "scheduler": scheduler}
        try:
            for result in _results(
                course, submissions, journal, jobs, how, asked_to_stop
            ):
                results.append(result)
                if time.monotonic() > written + WRITE_SECONDS:
                    report.write(results, course)
                    written = time.monotonic()
        except (KeyboardInterrupt, OSError):  # such as a full disk
            print(
                f"\n{len(results)} of {len(submissions)} are graded; the same command "
                "goes on with the rest."
            )
            raise
        finally:
            results.sort(key=lambda result: (result.student, result.assignment))
            report.write(results, course)
        journal.finish()
        report.show(results, course.path)
    return results


def workers(scheduler: str) -> int:
    """Return how many notebooks the workers of dask's scheduler can run at a time.

    Raises RuntimeError if dask is missing, or nothing answers at that address.
    """
    try:
        from distributed import Client
    except ImportError:
        raise RuntimeError(
            "Grading on several machines needs dask: pip install "
            '"bigmodel_lab[cluster]", the same version on all of them.'
        ) from None
    try:
        with Client(scheduler, timeout=10, set_as_default=False) as client:
            threads = sum(client.nthreads().values())
    except (OSError, ValueError) as error:
        raise RuntimeError(f"No scheduler answers at {scheduler}: {error}") from None
    if not threads:
        raise RuntimeError(f"The scheduler at {scheduler} has no workers yet.")
    return threads


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


@contextmanager
def _noting_ctrl_c():
    """Yield an event that Ctrl-C sets: nothing stops in the middle of writing."""
    asked = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield asked  # only there are signals received
        return
    before = signal.signal(signal.SIGINT, lambda *_: asked.set())
    try:
        yield asked
    finally:
        signal.signal(signal.SIGINT, before)


def _results(course, submissions, journal, jobs, how, asked_to_stop):
    """Yield the `Result` of each submission as it comes, several graded at a time."""
    todo = []
    for one in submissions:
        if one.problem:
            _forget(course, one)
            yield Result(one.student, one.assignment, one.problem)
        elif known := journal.known(one):
            yield Result(**known)
        else:
            todo.append(one)
    # Two assignments of a new learner, graded side by side, would both add the learner.
    with course.gradebook() as book:
        for student in {one.student for one in todo}:
            with suppress(Exception):  # a name it refuses is reported below
                book.update_or_create_student(student)
    pool = ThreadPoolExecutor(jobs or granted_cores())
    running = {pool.submit(_grade_one, course, one, how): one for one in todo}
    try:
        with tqdm(desc="grading", total=len(todo), unit="file") as bar:
            while running and not asked_to_stop.is_set():
                done, _ = wait(running, LOOK_SECONDS, FIRST_COMPLETED)
                for future in done:
                    result, one = future.result(), running.pop(future)
                    if result.problem:
                        _forget(course, one)
                    else:
                        journal.add(one, asdict(result))
                    yield result
                    bar.update()
    finally:  # where it is stopped, the rest is not waited for
        pool.shutdown(wait=False, cancel_futures=True)
        for process in multiprocessing.active_children():
            isolated.end(process.pid)
    if running:
        raise KeyboardInterrupt


def _grade_one(course, submission, how):
    """Return the `Result` of a submission, graded in a process of its own."""
    try:
        return isolated.call(
            _grade,
            course.path,
            submission,
            how,
            seconds=how["limits"].seconds + GRADER_SECONDS,
            memory=GRADER_MEMORY,
        )
    except Exception as error:  # whatever is wrong with one, the others go on
        return Result(submission.student, submission.assignment, str(error))


def _grade(folder: Path, submission: Submission, how: dict) -> Result:
    """Have nbgrader grade one submission; return its `Result`."""
    warnings.filterwarnings("ignore", module="nbgrader|sqlalchemy")  # not our concern
    course, who = CourseFolder(folder), (submission.assignment, submission.student)
    steps = Autograde().autograde_preprocessors
    ours = [SandboxedExecute if step is Execute else step for step in steps]
    with tempfile.NamedTemporaryFile() as record:
        api = course.api(
            SandboxedExecute=how | {"record": Path(record.name)},
            Autograde={"autograde_preprocessors": ours},
        )
        copy_to_course(submission, course)
        done = api.autograde(*who)
        if done["success"]:
            done = api.generate_feedback(*who)
        if not done["success"]:
            raise RuntimeError(f"nbgrader could not grade it: {reason(done)}")
        found = json.loads(record.read())
    pages.finish(course, *who, found["exercises"])
    remarks = [*submission.remarks, *filter(None, [found["ended"]])]
    return Result(
        submission.student,
        submission.assignment,
        remarks=remarks,
        exercises=found["exercises"],
    )


def _forget(course, submission):
    """Remove an earlier score and page: they are not those of what was handed in now.

    A teacher's own marks stay in the gradebook.
    """
    if not submission.assignment:
        return
    who = submission.assignment, submission.student
    page = course.path / "feedback" / submission.student / submission.assignment
    shutil.rmtree(page, ignore_errors=True)
    with suppress(MissingEntry, UnicodeError), course.gradebook() as book:
        found = book.find_submission(*who)
        grades = [grade for notebook in found.notebooks for grade in notebook.grades]
        if all(grade.manual_score is None for grade in grades):
            book.remove_submission(*who)
