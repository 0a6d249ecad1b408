"""For teachers: assignments from the exercises, graded in a sandbox.

`assignment.py` makes the notebooks, `grading.py` has nbgrader grade what comes back,
`sandbox.py` is where a learner's code runs meanwhile, `handover.py` how its results get
out of there. They need `pip install nbgrader`; a learner needs none of them.
"""

from bigmodel_lab.classroom.handover import grade

__all__ = ["grade"]
