"""nbgrader's step that runs a learner's notebook, in the sandbox.

The results that leave the sandbox are judged here, outside of it, before nbgrader reads
the scores.
"""

import html
import json
import re
from pathlib import Path

from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbformat.v4 import new_output
from nbgrader.preprocessors import Execute
from traitlets import Bool, Instance

from bigmodel_lab import exercises
from bigmodel_lab.classroom import handover, sandbox
from bigmodel_lab.exercises import Feedback

_HIDDEN_TEST = re.compile(
    r'^lab\.classroom\.score\("([\w.]+)", \w+, points=([\d.e+-]+), seed=(\d+)\)$', re.M
)


class SandboxedExecute(Execute):
    """nbgrader's step that runs a notebook, in a sandbox; judges what comes out."""

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
            and (test := _HIDDEN_TEST.search(cell.source))
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
        """Run a cell; once the kernel has ended, say so instead."""
        if not self.ended:
            try:
                return super().preprocess_cell(cell, resources, index)
            except DeadKernelError:
                why = self.km.stopped or "the program ended itself or crashed"
            except CellTimeoutError:  # raised where an interrupt changes nothing
                why = f"it ran on after {self.timeout} s, though interrupted"
            self.ended = f"{why}, in the cell `{cell.source.strip().splitlines()[0]}`"
        if cell.cell_type == "code":
            text = f"The run was stopped: {self.ended}."
            cell.outputs = [
                new_output("error", ename="Stopped", evalue=text, traceback=[text])
            ]
        return cell, resources

    def process_message(self, msg, cell, cell_index):
        """Take a message; stop a kernel that never ends printing."""
        self.printed += len(str(msg["content"]))
        if "metadata" in msg["content"]:
            msg["content"]["metadata"] = {}  # sizes of pictures, written unquoted
        if self.printed > self.limits.output:
            self.km.stop("it printed without end")
            return None
        return super().process_message(msg, cell, cell_index)

    def handle_comm_msg(self, outs, msg, cell_index):
        """Ignore messages to widgets: nobody looks at them here."""

    def _judge(self, cell, name, cases, points):
        """Replace a test's output by its score and feedback; return them."""
        results = self._results(cell)
        score, feedback = handover.mark(exercises.find(name), cases, results, points)
        cell.source = cell.source.partition("\n### BEGIN HIDDEN TESTS")[0]
        lines = map(html.escape, repr(feedback).splitlines())
        # One <div> a line: nbconvert's sanitizer leaves these as they are.
        page = f"<div><b>{score:g} of {points:g} points</b></div>"
        page += "".join(f"<div>{line}</div>" for line in lines)
        cell.outputs = [
            new_output("display_data", {"text/html": page}),
            # nbgrader takes this number as the score.
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
        packages = [
            output.data[handover.MIME]
            for output in cell.outputs
            if output.output_type == "display_data" and handover.MIME in output.data
        ]
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
                f"{errors[0].evalue[:200]}: did its cell stop with an error, or has it "
                "another name, or is it defined further down?",
            )
        if errors:
            name = "" if errors[0].ename == "Stopped" else f"{errors[0].ename}: "
            return Feedback("error", f"{name}{errors[0].evalue}"[:2000])
        return Feedback(
            "error",
            "The test ran, but no results came out of it: does the program change what "
            "the test needs?",
        )
