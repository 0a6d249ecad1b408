"""Drawings that explain: architectures, derivations and workflows, drawn by code.

Each function draws one and shows it with its alt text; `sketch` is the paper.
"""

from bigmodel_lab.drawings.preprocessing import ids_and_padding as ids_and_padding
from bigmodel_lab.drawings.preprocessing import leakage as leakage
from bigmodel_lab.drawings.preprocessing import looking_up_pixels as looking_up_pixels
from bigmodel_lab.drawings.preprocessing import reasons_for_gaps as reasons_for_gaps
from bigmodel_lab.drawings.preprocessing import table_pipeline as table_pipeline
from bigmodel_lab.drawings.workflows import training_workflow as training_workflow
