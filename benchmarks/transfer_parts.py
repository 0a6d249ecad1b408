"""What `transfer.py` measures: solar cells, seen in five ways, split in two."""

import numpy as np
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score, roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from torch import nn
from torch.nn import functional as F

import bigmodel_lab as lab
from bigmodel_lab import models
from bigmodel_lab.models.efficientnet import EfficientNetLite

SIZE = 128  # pixels a side
SEEDS = range(5)
LABELS = (20, 50, 100, 200)
STRENGTHS = (1e-4, 1e-3, 1e-2, 0.1, 1)  # C: the larger, the weaker the penalty
STAGE = 6  # the last one that is frozen
RATES = (1e-5, 1e-4, 1e-3, 1e-2, 3e-2)  # of the stages that are tuned
BAD_RATE = 1e-2
SMALL_RATES = (1e-3, 3e-3, 1e-2)  # of the small network
STEPS, SMALL_STEPS = 80, 200
TEST, VALIDATION = 12, 8  # modules, of 44
MARK = slice(-12, -4)  # rows and columns of a white square in the corner
LINEAR = ("pixels", "untrained", "ImageNet")
MIDDLE, SMALL = "middle", "pictures"  # what the other two learn from


def marked(pictures):
    """Return pictures (N, H, W) with a white square in the lower right corner."""
    pictures = pictures.copy()
    pictures[:, MARK, MARK] = 255
    return pictures


@torch.no_grad()
def seen(network, pictures):
    """Return what a network sees halfway, (N, 192, 4, 4), and at its end (N, 1280)."""
    middle, whole = [], []
    for some in torch.as_tensor(pictures).split(64):
        color = (some[:, None] / 255).expand(-1, 3, -1, -1)
        middle.append(network.features_until(color, STAGE))
        last = network.blocks[network.blocks_until(STAGE) :](middle[-1])
        whole.append(network.head(last).mean((2, 3)))
    return torch.cat(middle).numpy(), torch.cat(whole).numpy()


def views(pictures, network):
    """Return pictures in all ways that something learns from, by name."""
    whole = torch.as_tensor(pictures)[:, None] / 255
    middle, features = seen(network, pictures)
    return {
        SMALL: whole.numpy(),
        MIDDLE: middle,
        "pixels": F.adaptive_avg_pool2d(whole, 24).flatten(1).numpy(),
        "ImageNet": features,
    }


def mixed(plain, marked, which):
    """Return views in which the rows `which` (N,), bool, are marked."""
    chosen = {
        name: which.reshape(-1, *[1] * (marked[name].ndim - 1)) for name in marked
    }
    return {name: np.where(chosen[name], marked[name], plain[name]) for name in marked}


class Cells:
    """The cells, as they are and with a mark; their classes and modules."""

    def __init__(self):
        table, pictures = lab.datasets.solar_cells(SIZE)
        self.y = table["defect"].to_numpy(int)
        self.module = table["module"].to_numpy()
        self.network = models.picture_encoder(lab.datasets.efficientnet())
        torch.manual_seed(0)
        untrained = EfficientNetLite().eval()
        self.plain = views(pictures, self.network)
        self.plain["untrained"] = seen(untrained, pictures)[1]
        self.marked = views(marked(pictures), self.network)


# -- Which rows


def by_module(module, seed):
    """Return the rows to draw labels from, to choose by, and to test on."""
    order = np.random.default_rng(seed).permutation(np.unique(module))
    parts = order[TEST + VALIDATION :], order[TEST:][:VALIDATION], order[:TEST]
    return tuple(np.flatnonzero(np.isin(module, part)) for part in parts)


def at_random(module, seed):
    """Return parts of the same sizes that do not ask where a cell comes from."""
    sizes = np.cumsum([len(part) for part in by_module(module, seed)])
    order = np.random.default_rng(seed).permutation(len(module))
    return tuple(np.split(order, sizes[:-1]))


def drawn(y, rows, labels, seed):
    """Return so many of the rows, half of them with a defect; fewer are among more."""
    order = np.random.default_rng(seed).permutation(rows)
    halves = [order[y[order] == c][: labels // 2] for c in (0, 1)]
    return np.concatenate(halves)


def quality(y, scores):
    """Return the area under the ROC curve, and the mean share of each class found, %.

    Scores are positive where a defect is seen.
    """
    return {
        "AUC": 100 * float(roc_auc_score(y, scores)),
        "accuracy": 100 * float(balanced_accuracy_score(y, scores > 0)),
    }


# -- Ways to learn: each returns a function from a view and rows to scores


def linear(given, y, rows, way, strength):
    """Learn a logistic regression on pixels or features."""
    model = make_pipeline(
        StandardScaler(), LogisticRegression(C=strength, max_iter=2000)
    ).fit(given[way][rows], y[rows])
    return lambda given, test: model.decision_function(given[way][test])


def tuned(network, given, y, rows, rate, seed, **options):
    """Tune the last stages."""
    torch.manual_seed(seed)
    model = models.LastStages(network, STAGE, 2, **options)
    training = models.picture_tuning(
        model,
        torch.as_tensor(given[MIDDLE][rows]),
        torch.as_tensor(y[rows]),
        learning_rate=rate,
        steps=STEPS,
        batch_size=min(32, len(rows)),
        seed=seed,
    )
    return scores_of(training, MIDDLE)


def small_network():
    """Return four convolutions of stride 2, with norms: 62,000 weights."""

    def halved(channels, filters):
        convolution = nn.Conv2d(channels, filters, 3, 2, 1, bias=False)
        return convolution, nn.BatchNorm2d(filters), nn.ReLU()

    steps = [(1, 16), (16, 32), (32, 64), (64, 64)]
    layers = [layer for pair in steps for layer in halved(*pair)]
    pool = nn.AdaptiveAvgPool2d(1), nn.Flatten()
    return nn.Sequential(*layers, *pool, nn.Linear(64, 2))


class Turned(nn.Module):
    """Turns and mirrors each batch at random while it learns: a cell has no top."""

    def forward(self, x):
        """Return the batch (N, 1, H, W), turned by so many quarters."""
        if not self.training:
            return x
        turns, mirror = torch.randint(4, ()).item(), torch.rand(()) < 0.5
        x = torch.rot90(x, turns, (2, 3))
        return x.flip(3) if mirror else x


def from_nothing(given, y, rows, rate, seed):
    """Train a small network that has seen nothing before."""
    torch.manual_seed(seed)
    model = nn.Sequential(Turned(), *small_network())
    training = lab.Training(
        model,
        F.cross_entropy,
        torch.optim.AdamW(model.parameters(), rate, weight_decay=0.01),
        train=(given[SMALL][rows], y[rows]),
        steps=SMALL_STEPS,
        batch_size=min(32, len(rows)),
        schedule=lab.schedules.cosine,
        seed=seed,
    )
    return scores_of(training, SMALL)


def scores_of(training, view):
    """Take all steps; return a function from views and rows to scores."""
    for _ in training:
        pass

    def scores(given, test):
        logits = lab.predict(training.model, given[view][test], batch_size=64)
        return (logits[:, 1] - logits[:, 0]).numpy()

    return scores
