"""The data sets: tables as pandas frames with source and license, images as tensors.

`sources.toml` says where their files come from.
"""

from bigmodel_lab.datasets.cells import solar_cells
from bigmodel_lab.datasets.digits import mnist
from bigmodel_lab.datasets.icons import emoji
from bigmodel_lab.datasets.own_picture import own_picture
from bigmodel_lab.datasets.own_table import own_table
from bigmodel_lab.datasets.photos import efficientnet, photo_classes
from bigmodel_lab.datasets.poems import tang_poems
from bigmodel_lab.datasets.posts import newsgroups
from bigmodel_lab.datasets.reviews import chinese_reviews, food_reviews, movie_reviews
from bigmodel_lab.datasets.scenes import digit_scenes
from bigmodel_lab.datasets.sentences import minilm
from bigmodel_lab.datasets.tables import (
    ames_houses,
    credit_applications,
    dow_jones,
    film_ratings,
    mortgage_applications,
    saratoga_houses,
)
from bigmodel_lab.datasets.vocabularies import vocabulary

__all__ = [
    "ames_houses",
    "chinese_reviews",
    "credit_applications",
    "digit_scenes",
    "dow_jones",
    "efficientnet",
    "emoji",
    "film_ratings",
    "food_reviews",
    "minilm",
    "mnist",
    "mortgage_applications",
    "movie_reviews",
    "newsgroups",
    "own_picture",
    "own_table",
    "photo_classes",
    "saratoga_houses",
    "solar_cells",
    "tang_poems",
    "vocabulary",
]
