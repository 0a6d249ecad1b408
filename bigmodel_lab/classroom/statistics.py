"""How hard each exercise was for the class: as a table and as a picture."""

from collections import Counter

from matplotlib.figure import Figure

from bigmodel_lab.classroom.folder import CourseFolder
from bigmodel_lab.classroom.report import grouped, read_rows, write_rows
from bigmodel_lab.colors import BLUE, GRAY, ORANGE

COLUMNS = (
    *("assignment", "exercise", "misconception"),
    *("learners", "mean_percent", "right", "untouched"),
)


def write(course: CourseFolder) -> None:
    """Write `statistics.csv` and `statistics.png`, of everybody graded so far."""
    rows = count(read_rows(course.path / "exercises.csv"))
    write_rows(course.path / "statistics.csv", COLUMNS, rows, sort=False)
    if rows:
        draw(rows).savefig(course.path / "statistics.png", dpi=150)


def count(tries: list[dict]) -> list[dict]:
    """Return the rows of the statistics, the hardest exercise of an assignment first.

    `tries` are the rows of `exercises.csv`. An exercise has a row, and below it one for
    each misconception: how many learners had it.
    """
    found = []
    for (assignment, name), group in grouped(
        tries, lambda row: (row["assignment"], row["exercise"])
    ).items():
        outcomes = Counter(row["outcome"] for row in group)
        earned = sum(float(row["score"]) for row in group)
        possible = sum(float(row["points"]) for row in group)
        head = {"assignment": assignment, "exercise": name}
        whole = head | {
            "learners": len(group),
            "mean_percent": round(100 * earned / possible, 1) if possible else 0.0,
            "right": outcomes["correct"],
            "untouched": outcomes["not attempted"],
        }
        named = Counter(row["misconception"] for row in group if row["misconception"])
        common = sorted(named.items(), key=lambda pair: (-pair[1], pair[0]))
        parts = [head | {"misconception": what, "learners": n} for what, n in common]
        found.append([whole, *parts])
    found.sort(key=lambda rows: (rows[0]["assignment"], rows[0]["mean_percent"]))
    return [row for rows in found for row in rows]


def draw(rows: list[dict]) -> Figure:
    """Return a chart of the statistics' rows: right, wrong and untouched answers."""
    groups = grouped(
        (row for row in rows if "right" in row), lambda row: row["assignment"]
    )
    longest = max(map(len, groups.values()))
    figure = Figure((8, 0.9 + 0.45 * longest * len(groups)), layout="constrained")
    all_axes = figure.subplots(len(groups), squeeze=False)[:, 0]
    for axes, (assignment, group) in zip(all_axes, groups.items(), strict=True):
        _bars(axes, group)
        axes.set_title(f"{assignment}: the hardest first", loc="left")
    figure.legend(
        *all_axes[0].get_legend_handles_labels(),
        loc="outside lower center",
        ncols=3,
        frameon=False,
    )
    return figure


def _bars(axes, group):
    """Draw a bar for each exercise, with the mean score at its end."""
    names = [row["exercise"].partition(".")[2] for row in group]
    learners = [row["learners"] for row in group]
    right = [row["right"] for row in group]
    untouched = [row["untouched"] for row in group]
    wrong = [n - r - u for n, r, u in zip(learners, right, untouched, strict=True)]
    start = [0] * len(group)
    for label, counts, color in (
        ("right", right, BLUE),
        ("wrong, or an error", wrong, ORANGE),
        ("untouched", untouched, GRAY),
    ):
        bars = axes.barh(names, counts, left=start, color=color, label=label)
        texts = [str(n) if n else "" for n in counts]
        axes.bar_label(bars, texts, label_type="center", color="white")
        start = [a + b for a, b in zip(start, counts, strict=True)]
    means = [f" {row['mean_percent']:.0f} %" for row in group]
    axes.bar_label(bars, means)
    axes.invert_yaxis()
    axes.set_xlabel("learners; at the end of a bar, the mean score")
    axes.set_xlim(0, 1.1 * max(learners))
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.spines[["top", "right"]].set_visible(False)
