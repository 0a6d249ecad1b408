"""A reader's own CSV file: from the file to tensors, with a sentence for each fault."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from bigmodel_lab.datasets._common import known_names
from bigmodel_lab.datasets._own_columns import MANY, Column, listed, read_column
from bigmodel_lab.datasets._own_file import read_cells

if TYPE_CHECKING:
    import torch

FEWEST = 50  # rows: three parts of fewer say nothing
RAREST = 5  # rows of a class, so that each part has some
TASKS = ("regression", "classification")


@dataclass(frozen=True)
class OwnTable:
    """A table ready for training: three parts (X, y), and what was done to get there.

    Attributes
    ----------
    target : str
        The column to predict.
    task : str
        "regression" or "classification".
    columns : list of str
        What the d columns of X are.
    classes : list of str
        The classes in the order of their numbers; empty for a regression.
    train, validation, test : (X, y)
        X (N, d), float32, prepared with what the training part knows: gaps filled with
        the median, words as one-hot columns, all standardized. y (N,): class numbers,
        or the target in standard deviations from its mean (float32).
    mean, std : float
        Of the target in the training part; 0 and 1 for a classification.
    notes : list of str
        Each fault of the file, and what became of it.
    """

    target: str
    task: str
    columns: list[str]
    classes: list[str]
    train: "tuple[torch.Tensor, torch.Tensor]" = field(repr=False)
    validation: "tuple[torch.Tensor, torch.Tensor]" = field(repr=False)
    test: "tuple[torch.Tensor, torch.Tensor]" = field(repr=False)
    mean: float = 0.0
    std: float = 1.0
    notes: list[str] = field(default_factory=list, repr=False)

    def __str__(self) -> str:
        """Return what a reader should know before training."""
        sizes = [len(part[1]) for part in (self.train, self.validation, self.test)]
        what = f"{self.task} of {self.target!r}"
        if self.classes:
            what += f" ({len(self.classes)} classes)"
        lines = [
            f"{what} from {len(self.columns)} columns",
            "{} rows to train on, {} to validate, {} to test".format(*sizes),
        ]
        return "\n".join([*lines, *(f"- {note}" for note in self.notes)])

    def judge(self, predictions: ArrayLike) -> pd.DataFrame:
        """Judge predictions for the test part beside a baseline that knows no column.

        Parameters
        ----------
        predictions : array-like of shape (N,) or (N, classes)
            What the model says: the target in standard deviations, or a score for each
            class, as `lab.predict` returns them.

        Returns
        -------
        pandas.DataFrame
            Regression: RMSE and MAE in the target's unit, and R². Classification:
            accuracy, and balanced accuracy (each class counts the same).

        Raises
        ------
        ValueError
            If there is not one prediction for each row of the test part.
        """
        from sklearn import metrics  # here, so that other tables do not wait for it

        predictions, truth = np.asarray(predictions), self.test[1].numpy()
        if len(predictions) != len(truth):
            raise ValueError(
                f"There are {len(predictions)} predictions for the {len(truth)} rows "
                f"of the test part: give lab.predict(model, table.test[0])."
            )
        if self.task == "classification":
            usual = np.bincount(self.train[1], minlength=len(self.classes)).argmax()
            guesses = {
                f"always {self.classes[usual]!r}": np.full(len(truth), usual),
                "your model": predictions.argmax(1),
            }
            scores = {
                "accuracy": metrics.accuracy_score,
                "balanced accuracy": metrics.balanced_accuracy_score,
            }
        else:
            truth = self.mean + self.std * truth
            guesses = {
                "always the mean": np.full(len(truth), self.mean),
                "your model": self.mean + self.std * predictions,
            }
            scores = {
                "RMSE": metrics.root_mean_squared_error,
                "MAE": metrics.mean_absolute_error,
                "R²": metrics.r2_score,
            }
        rows = {
            name: {title: float(score(truth, guess)) for title, score in scores.items()}
            for name, guess in guesses.items()
        }
        return pd.DataFrame(rows).T


def own_table(
    path: str | Path,
    target: str,
    *,
    task: str | None = None,
    leave_out: Sequence[str] = (),
) -> OwnTable:
    """Read a CSV file of your own, and prepare it for training a model on it.

    A fifth of the rows is for testing and a fifth for validation, drawn at random (the
    same ones each time). Everything that is learned from data to prepare a column is
    learned from the rest.

    Parameters
    ----------
    path : str or Path
        The file, with column names in its first line. Commas, semicolons or tabs;
        UTF-8 with or without a byte-order mark, UTF-16, GB 18030 or Windows-1252.
    target : str
        The column to predict: numbers for a regression, words for a classification.
    task : str, optional
        "classification" if the numbers of the target are names of classes.
    leave_out : sequence of str
        Columns that the model must not see: those that are known only afterwards.

    Returns
    -------
    OwnTable
        `print` it to read what was done to the file.

    Raises
    ------
    FileNotFoundError
        If there is no such file; the message lists the CSV files beside it.
    TypeError
        If `leave_out` is a single name.
    ValueError
        If it is no table, a column is not there, or too little is left to learn from.
    """
    frame, notes = read_cells(Path(path))
    known_names("column", [target], list(frame))
    leave_out = known_names("column", leave_out, list(frame))
    frame = frame.drop(columns=[name for name in leave_out if name != target])
    columns = {name: read_column(frame[name]) for name in frame}
    goal, told = _goal(columns.pop(target), target, task)
    notes += told
    features = _features(columns, goal.index, notes)
    for name in features:
        if _gives_away(features[name], goal):
            notes.append(
                f"Column {name!r} gives {target!r} away: if it is known only "
                f"afterwards, leave it out with leave_out=[{name!r}]."
            )
    return _prepared(features, goal, target, notes)


# -- The columns


def _goal(column: Column, name, task):
    """Return the target of the rows that have one, words or float64, and notes."""
    notes = list(column.notes)
    if task not in (None, *TASKS):
        raise ValueError(f"task must be one of {', '.join(TASKS)}, not {task!r}.")
    values = column.values[column.values.notna()]
    _check_enough(values, name)
    if len(values) < len(column.values):
        missing = len(column.values) - len(values)
        notes.append(f"{missing} rows have no {name!r}: left out.")
    if task is None:
        words = column.kind == "words" or values.nunique() == 2
        task = "classification" if words else "regression"
        few = task == "regression" and values.nunique() <= 10
        if few and (values % 1 == 0).all():
            notes.append(
                f"{name!r} has only {values.nunique()} different numbers: if they name "
                f'classes, give task="classification".'
            )
    if task == "regression" and column.kind == "words":
        raise ValueError(
            f"Column {name!r} holds words such as {values.iloc[0]!r}, no numbers: "
            f"leave task out for a classification."
        )
    if task == "classification":
        if column.kind != "words":
            values = values.map("{:g}".format)
        counts = values.value_counts()
        rare = sorted(counts[counts < RAREST].index)
        if rare:
            notes.append(
                f"Classes of {name!r} with fewer than {RAREST} rows are left out: "
                f"{listed(rare)}."
            )
            values = values[~values.isin(rare)]
    _check_enough(values, name)
    return values, notes


def _check_enough(values, name):
    """Raise ValueError if a target has too few rows, or says the same in all."""
    if len(values) < FEWEST:
        raise ValueError(
            f"{len(values)} rows with a {name!r} are too few to learn from and to "
            f"judge: give at least {FEWEST}."
        )
    if values.nunique() < 2:
        raise ValueError(f"{name!r} is the same in every row: nothing to learn.")


def _features(columns, rows, notes):
    """Return the columns that a model can learn from, of the rows given; add notes."""
    kept = {}
    for name, (values, kind, told) in columns.items():
        notes += told
        values = values[rows]
        different = values.nunique()
        if kind == "nothing":
            continue
        if different < 2:
            notes.append(f"Column {name!r} is the same in every row: left out.")
        elif kind == "words" and different > len(values) / 2:
            notes.append(
                f"Column {name!r} has another word in nearly every row, as a name or "
                f"an id has: left out."
            )
        elif kind == "numbers" and _counts(values):
            notes.append(f"Column {name!r} only numbers the rows: left out.")
        else:
            kept[name] = values
            if kind == "words" and different > MANY:
                notes.append(
                    f"Column {name!r} has {different} different words: the rarest are "
                    f"taken together."
                )
            if kind == "dates":
                notes.append(
                    "The test rows are drawn at random: a forecast must be judged on "
                    "the latest rows instead."
                )
    if not kept:
        raise ValueError("No column is left to learn from: " + " ".join(notes))
    return pd.DataFrame(kept)


def _counts(values):
    """Tell whether a column only counts the rows: 1, 2, 3, ..."""
    return len(values) > 2 and bool((values.diff().dropna() == 1).all())


def _gives_away(values, goal):
    """Tell whether one column alone says the target, but for rounding."""
    if values.dtype == float and goal.dtype == float:
        return abs(values.corr(goal)) > 0.9999
    groups = goal.groupby(values)
    return (
        values.nunique() <= MANY
        and goal.dtype != float
        and (groups.nunique() == 1).all()
    )


# -- The parts


def _prepared(features, goal, target, notes):
    """Split the rows, learn from the training part how to prepare, and prepare all."""
    import torch

    classes = [] if goal.dtype == float else sorted(goal.unique())
    train, test = _split(goal, classes)
    train, validation = _split(goal[train], classes)
    if classes:
        task, mean, std = "classification", 0.0, 1.0
        y = goal.map(classes.index).astype("int64")
    else:
        task, mean, std = "regression", goal[train].mean(), goal[train].std(ddof=0)
        y = ((goal - mean) / std).astype("float32")
    prepare = _preparation(features).fit(features.loc[train])
    parts = (
        (
            torch.tensor(prepare.transform(features.loc[rows]).astype("float32")),
            torch.tensor(y[rows].to_numpy()),
        )
        for rows in (train, validation, test)
    )
    columns = list(prepare.get_feature_names_out())
    return OwnTable(
        target, task, columns, classes, *parts, float(mean), float(std), notes
    )


def _preparation(features):
    """Return what fills, standardizes and encodes the columns, not fitted yet."""
    from sklearn.compose import make_column_transformer
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    numbers = [name for name in features if features[name].dtype == float]
    words = [name for name in features if name not in numbers]
    one_hot = OneHotEncoder(
        handle_unknown="infrequent_if_exist", max_categories=MANY, sparse_output=False
    )
    return make_column_transformer(
        (make_pipeline(SimpleImputer(strategy="median"), StandardScaler()), numbers),
        (one_hot, words),
        verbose_feature_names_out=False,
    )


def _split(goal, classes):
    """Return the row numbers of four fifths and of one fifth, classes in proportion."""
    from sklearn.model_selection import train_test_split

    stratify = goal if classes else None
    return train_test_split(
        goal.index, test_size=0.2, random_state=42, stratify=stratify
    )
