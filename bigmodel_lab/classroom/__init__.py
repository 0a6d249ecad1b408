"""For teachers: assignments from the exercises, graded in a sandbox.

`assignment.py` makes the notebooks, `folder.py` is the course folder they lie in,
`grading.py` has nbgrader grade what comes back. `execution.py` runs it in the kernel of
`sandbox.py`, and `handover.py` gets its results out of there. They need
`pip install nbgrader`; a learner needs none of them.
"""

from bigmodel_lab.classroom.handover import score

__all__ = ["score"]
