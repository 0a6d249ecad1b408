"""For teachers: assignments from the exercises, graded in a sandbox.

`assignment.py` makes the notebooks, `folder.py` is the course folder they lie in,
`grading.py` has nbgrader grade what comes back, `sandbox.py` is where learners' code
runs meanwhile, and `handover.py` gets its results out of there. They need
`pip install nbgrader`; a learner needs none of them.
"""

from bigmodel_lab.classroom.handover import score

__all__ = ["score"]
