"""What a grading has done so far: one that was stopped goes on from there.

Each result is a line in a file, written as soon as it is there; a grading that comes to
its end removes the file.
"""

import hashlib
import json
import os
from contextlib import suppress

from bigmodel_lab.classroom.folder import CourseFolder
from bigmodel_lab.classroom.submissions import Submission


class Journal:
    """The results of a course's unfinished grading, by submission."""

    def __init__(self, course: CourseFolder):
        self.course, self.path = course, course.path / ".unfinished.jsonl"
        self._known = {}
        with suppress(FileNotFoundError):
            for line in self.path.read_text(encoding="utf-8").splitlines():
                with suppress(ValueError):  # the last line may be half written
                    entry = json.loads(line)
                    self._known[entry["submission"]] = entry["result"]

    def known(self, submission: Submission) -> dict | None:
        """Return the result of the same file under the same tests, as a dict."""
        return self._known.get(self._key(submission))

    def add(self, submission: Submission, result: dict) -> None:
        """Keep a result, and be sure that it is on disk."""
        entry = {"submission": self._key(submission), "result": result}
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(entry) + "\n")
            file.flush()
            os.fsync(file.fileno())

    def finish(self) -> None:
        """Forget everything: the grading has come to its end."""
        self.path.unlink(missing_ok=True)

    def _key(self, submission):
        """Return what tells a file, its learner and its tests from all others."""
        release = self.course.path / "source" / submission.assignment
        tests = (release / f"{submission.assignment}.ipynb").read_bytes()
        who = f"{submission.student}\n{submission.assignment}\n".encode()
        return hashlib.sha256(
            who + hashlib.sha256(tests).digest() + submission.path.read_bytes()
        ).hexdigest()
