"""Drawings that explain: architectures, derivations and workflows, drawn by code.

Each function draws one and shows it with its alt text; `sketch` is the paper.
"""

from bigmodel_lab.drawings.workflows import training_workflow as training_workflow
