"""Drawings that explain: architectures, derivations and workflows, drawn by code.

Each function draws one and shows it with its alt text; `sketch` is the paper.
"""

from bigmodel_lab.drawings.texts import embedding_bag as embedding_bag
from bigmodel_lab.drawings.texts import lstm_cell as lstm_cell
from bigmodel_lab.drawings.texts import news_classifier as news_classifier
from bigmodel_lab.drawings.texts import text_cnn as text_cnn
from bigmodel_lab.drawings.workflows import training_workflow as training_workflow
