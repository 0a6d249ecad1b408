"""Models to read and to train: learners open these files after a chapter."""

from bigmodel_lab.models.classifying import TextClassifier, fine_tuning
from bigmodel_lab.models.detecting import detect
from bigmodel_lab.models.detector import (
    DigitDetector,
    detection_loss,
    detection_targets,
    detector_training,
    generalized_iou,
    overlap_loss,
)
from bigmodel_lab.models.digits import digit_cnn, digit_mlp
from bigmodel_lab.models.efficientnet import picture_encoder
from bigmodel_lab.models.generators import (
    Discriminator,
    FlowMatching,
    Generator,
    VariationalAutoencoder,
    VelocityNetwork,
    detecting,
    draw_digits,
    forging,
)
from bigmodel_lab.models.gpt import GPT
from bigmodel_lab.models.gpt_training import (
    answer_loss,
    gpt_optimizer,
    gpt_training,
    next_token_loss,
)
from bigmodel_lab.models.houses import linear_regression, regression_mlp
from bigmodel_lab.models.players import (
    PolicyValueNetwork,
    judge_of,
    moves_alone,
    policy_value_loss,
)
from bigmodel_lab.models.pretrained import load, save
from bigmodel_lab.models.ready import digit_judge, keep, trained
from bigmodel_lab.models.recommenders import (
    DeepFM,
    FactorizationMachine,
    MatrixFactorization,
    NeuralFM,
    PairwiseRanking,
)
from bigmodel_lab.models.rewards import prefer, reinforce
from bigmodel_lab.models.sentences import embeddings, sentence_encoder
from bigmodel_lab.models.texts import EmbeddingBagClassifier, TextCNN, TextLSTM
from bigmodel_lab.models.transfer import LastStages, picture_tuning
from bigmodel_lab.models.writing import answers, next_characters, stream, write

__all__ = [
    "GPT",
    "DeepFM",
    "DigitDetector",
    "Discriminator",
    "EmbeddingBagClassifier",
    "FactorizationMachine",
    "FlowMatching",
    "Generator",
    "LastStages",
    "MatrixFactorization",
    "NeuralFM",
    "PairwiseRanking",
    "PolicyValueNetwork",
    "TextCNN",
    "TextClassifier",
    "TextLSTM",
    "VariationalAutoencoder",
    "VelocityNetwork",
    "answer_loss",
    "answers",
    "detect",
    "detecting",
    "detection_loss",
    "detection_targets",
    "detector_training",
    "digit_cnn",
    "digit_judge",
    "digit_mlp",
    "draw_digits",
    "embeddings",
    "fine_tuning",
    "forging",
    "generalized_iou",
    "gpt_optimizer",
    "gpt_training",
    "judge_of",
    "keep",
    "linear_regression",
    "load",
    "moves_alone",
    "next_characters",
    "next_token_loss",
    "overlap_loss",
    "picture_encoder",
    "picture_tuning",
    "policy_value_loss",
    "prefer",
    "regression_mlp",
    "reinforce",
    "save",
    "sentence_encoder",
    "stream",
    "trained",
    "write",
]
