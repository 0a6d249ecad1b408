"""The results of `tuning.py` as Markdown: tables for the README, the models' card."""

import hashlib

import pandas as pd
from gpt_tables import markdown
from stored import RESULTS

from bigmodel_lab import models, results
from bigmodel_lab.tolerance import about

MODELS = {
    "novice": "small, and stopped before it could rhyme: to be rewarded",
    "five": "the poet, tuned to lines of five characters (LoRA of rank 16, merged)",
    "filler": "the poet without its mask, tuned to fill in blanks; it cannot write",
    "acrostic": "the poet, told how its four lines begin",
    "aligned": "the acrostic poet, rewarded for rhyme as well",
}

CARD = """# What became of the poet: five tuned models

Written by `benchmarks/tuning.py`, `--part` and the model's name; this card: `--card`.

```python
from bigmodel_lab import models

aligned, alphabet, facts = models.load("aligned")
models.write(aligned, alphabet, instruction="春夏秋冬", count=4)
```

All are `bigmodel_lab.models.GPT` with weights in float16. All but the novice began as
the [poet](poet.md), and its data, license and limits are theirs. One thread trained
them.

{table}

## How they did

Bits per character are those of validation poems, the filler's of blanks in them. Shares
are of poems that they wrote at temperature 1: in the right form; with a rhyme; of lines
that begin as the questions of validation poems ask, and of poems that do throughout.

{results}

## Use and limits

Made for chapter 08 of the workbook, to see what tuning and rewards do. The reward for
rhyme was a program that hears today's Mandarin: the aligned model rhymes for that
program, more often than the poets did. Nobody judged what the poems mean.
"""


def card(stored):
    """Return the card of the stored models, from their files and logs."""
    rows, looks = [], []
    for name, words in MODELS.items():
        path = RESULTS / f"{name}.safetensors"
        model, _, facts = models.load(path)
        log = stored[name]["log"]
        sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
        rows.append(
            [
                f"**{name}**: {words}",
                f"{sum(weight.numel() for weight in model.parameters()):,}",
                facts["steps"],
                f"{log[-1]['seconds']:,.0f}",
                facts["date"],
                f"`{sha256}`",
            ]
        )
        looks.append([name, *(_look(log[-1], key) for key in LOOKED_AT)])
    head = ["model", "parameters", "steps", "seconds", "date", "SHA-256"]
    return CARD.format(
        table=markdown(head, rows),
        results=markdown(["model", *LOOKED_AT.values()], looks),
    )


LOOKED_AT = {
    "bits": "bits",
    "form": "form",
    "rhyme": "rhyme",
    "characters": "begins as asked",
    "whole": "all four do",
}


def _look(row, key):
    """Return one entry of a log as text, empty if it has none."""
    if key not in row:
        return ""
    return f"{row[key]:.2f}" if key == "bits" else f"{row[key]:.1%}"


def write_card():
    """Write `tuned.md` beside the models."""
    text = card(results.load("tuning"))
    (RESULTS / "tuned.md").write_text(text, encoding="utf-8")


# -- the tables ------------------------------------------------------------------------


def transfer_table(stored):
    """Return bits by poems, from the poet and from nothing."""
    rows = pd.DataFrame([row for row in stored["transfer"].values() if "poems" in row])
    lines = [
        [f"{poems:,}", *(over_seeds(part[part["start"] == s]["bits"]) for s in STARTS)]
        for poems, part in rows.groupby("poems")
    ]
    return markdown(["poems", *(f"from {start}: bits" for start in STARTS)], lines)


STARTS = ("poet", "nothing")


def keeping_table(stored):
    """Return bits on both forms, what learns and its state, by method."""
    rows = pd.DataFrame(stored["keeping"].values())
    lines = [
        [
            method,
            over_seeds(part["new"]),
            over_seeds(part["old"]),
            f"{part['numbers'].iloc[0]:,}",
            f"{part['state'].iloc[0] / 1e6:.2f}",
            f"{part['seconds'].median():.0f}",
        ]
        for method, part in rows.groupby("method", sort=False)
    ]
    head = ["method", "new form: bits", "old form: bits", "learn", "state, MB", "s"]
    return markdown(head, lines)


def rewards_table(stored):
    """Return what became of rhyme, endings and bits by method, at the last look."""
    rows = [
        {"method": run["method"], **run["rows"][-1]}
        for run in stored["rewards"].values()
    ]
    table = pd.DataFrame(rows)
    table["largest"] = [c[1] if c else float("nan") for c in table["commonest"]]
    columns = ("form", "rhyme", "largest", "last characters", "bits", "seconds")
    lines = [
        [method, *(over_seeds(part[column]) for column in columns)]
        for method, part in table.groupby("method", sort=False)
    ]
    head = ["form", "rhyme", "commonest ending", "last characters", "bits", "seconds"]
    return markdown(["method", *head], lines)


def over_seeds(values):
    """Return mean and spread over seeds, without those where there is none."""
    values = values.dropna().to_numpy()
    return about(values) if len(values) > 1 else ""


TABLES = {
    "transfer": transfer_table,
    "keeping": keeping_table,
    "rewards": rewards_table,
}


def tables(stored):
    """Return all tables, each under its name."""
    return "\n\n".join(f"**{name}**\n\n{of(stored)}" for name, of in TABLES.items())
