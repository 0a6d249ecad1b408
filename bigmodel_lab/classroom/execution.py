"""nbgrader's step that runs a learner's notebook, in the sandbox.

The results that leave the sandbox are judged here, outside of it, before nbgrader reads
the scores.
"""

import html
import json
import re
from pathlib import Path

import nbformat
from nbformat.v4 import new_output
from nbgrader.preprocessors import NbGraderPreprocessor
from traitlets import Bool, Instance, Unicode

from bigmodel_lab import exercises
from bigmodel_lab.classroom import handover, pages, running, sandbox
from bigmodel_lab.exercises import Feedback

_HIDDEN_TEST = re.compile(
    r'^lab\.classroom\.score\("([\w.]+)", (\w+), points=([\d.e+-]+), seed=(\d+)\)$',
    re.M,
)


class SandboxedExecute(NbGraderPreprocessor):
    """nbgrader's step that runs a notebook, in a sandbox; judges what comes out.

    Where `scheduler` is the address of dask's, the notebook runs on a worker of its.
    """

    record = Instance(Path, help="where the outcomes are kept").tag(config=True)
    limits = Instance(sandbox.Limits).tag(config=True)
    walls = Bool(True).tag(config=True)
    scheduler = Unicode().tag(config=True)

    def preprocess(self, nb, resources):
        """Run the notebook; replace each test's output by its score and feedback."""
        tests = {
            number: test.groups()
            for number, cell in enumerate(nb.cells)
            if cell.metadata.get("nbgrader", {}).get("grade")
            and (test := _HIDDEN_TEST.search(cell.source))
        }
        drawn, arguments = {}, {}
        for number, (name, answer, _, seed) in tests.items():
            drawn[number] = handover.cases(name, int(seed))
            arguments[number] = handover.arguments(name, drawn[number])
            # What runs in the sandbox holds no seed.
            cell = nb.cells[number]
            cell.source = _HIDDEN_TEST.sub(
                f'lab.classroom.hand_over("{name}", {answer})', cell.source
            )
        hidden = [
            file
            for name, *_ in tests.values()
            for file in exercises.find(name).answers_in
        ]
        text, ended = self._run(nbformat.writes(nb), arguments, hidden)
        nb.cells = nbformat.reads(text, as_version=4).cells
        outcomes = [
            self._judge(nb.cells[number], name, drawn[number], float(points))
            for number, (name, _, points, _) in tests.items()
        ]
        for cell in nb.cells:
            pages.trim(cell)
        record = {"exercises": outcomes, "ended": ended}
        self.record.write_text(json.dumps(record))
        return nb, resources

    def _run(self, text, arguments, hidden):
        """Return what `running.run` returns, from here or from another machine."""
        words = text, arguments, self.limits, self.walls, hidden
        if not self.scheduler:
            return running.run(*words)
        from distributed import Client

        with Client(self.scheduler, set_as_default=False) as client:
            return client.submit(running.run, *words, pure=False).result()

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
