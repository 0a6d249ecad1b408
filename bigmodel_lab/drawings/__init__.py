"""Drawings that explain: architectures, derivations and workflows, drawn by code.

Each function draws one and shows it with its alt text; `sketch` is the paper.
"""

from bigmodel_lab.drawings.optimizers import optimizer_memory as optimizer_memory
from bigmodel_lab.drawings.optimizers import ravine_steps as ravine_steps
from bigmodel_lab.drawings.optimizers import walk_forward as walk_forward
from bigmodel_lab.drawings.workflows import training_workflow as training_workflow
