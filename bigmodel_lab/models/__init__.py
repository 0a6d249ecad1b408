"""Models to read and to train: learners open these files after a chapter."""

from bigmodel_lab.models.digits import digit_cnn, digit_mlp
from bigmodel_lab.models.houses import linear_regression, regression_mlp
from bigmodel_lab.models.texts import EmbeddingBagClassifier, TextCNN, TextLSTM

__all__ = [
    "EmbeddingBagClassifier",
    "TextCNN",
    "TextLSTM",
    "digit_cnn",
    "digit_mlp",
    "linear_regression",
    "regression_mlp",
]
