"""Models to read and to train: learners open these files after a chapter."""

from bigmodel_lab.models.digits import digit_cnn, digit_mlp
from bigmodel_lab.models.gpt import GPT
from bigmodel_lab.models.gpt_training import (
    gpt_optimizer,
    gpt_training,
    next_token_loss,
)
from bigmodel_lab.models.houses import linear_regression, regression_mlp
from bigmodel_lab.models.pretrained import load, save
from bigmodel_lab.models.texts import EmbeddingBagClassifier, TextCNN, TextLSTM
from bigmodel_lab.models.writing import next_characters, stream, write

__all__ = [
    "GPT",
    "EmbeddingBagClassifier",
    "TextCNN",
    "TextLSTM",
    "digit_cnn",
    "digit_mlp",
    "gpt_optimizer",
    "gpt_training",
    "linear_regression",
    "load",
    "next_characters",
    "next_token_loss",
    "regression_mlp",
    "save",
    "stream",
    "write",
]
