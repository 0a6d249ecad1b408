"""For teachers: assignments from the exercises, graded in a sandbox.

`assignment.py` makes the notebooks, `folder.py` is the course folder they lie in.
`submissions.py` reads what comes back, and `grading.py` has nbgrader grade each in a
process of its own (`isolated.py`), keeping what is done (`journal.py`). The step of
nbgrader's that runs a notebook is ours: `execution.py` calls `running.py`, whose kernel
(`kernel.py`) lives behind the walls of `sandbox.py`; `handover.py` gets the results out
of there. `pages.py` makes feedback fit to be shown, `report.py` writes the grades.

All this needs `pip install "bigmodel_lab[classroom]"`; a learner needs none of it.
"""

from bigmodel_lab.classroom.handover import hand_over, score

__all__ = ["hand_over", "score"]
