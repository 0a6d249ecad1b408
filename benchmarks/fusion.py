"""Fusion and fairness: emoji, soups of digit networks, mortgages, over many splits.

python benchmarks/fusion.py               all parts, into results/fusion.json
python benchmarks/fusion.py --part emoji  one of them
python benchmarks/fusion.py --table       the tables of the stored results

One thread. emoji: ten splits into 60 % to learn from, 20 % to choose by and 20 % to
test on; penalties and weights by the log loss on the second part, then every model
learns from the first two, and the third is read. Stacks learn from probabilities (of
logs: from their logarithms), unseen ones (out of fold) or those of rows that the two
models had seen. Names are shuffled among a share of the test rows, or pictures are
gray. By heart: stacks over models of pictures that differ in how surely they know what
they have seen, with each emoji's own picture and with another one's, which says
nothing. soup: five repeats; the learning rate by 800 digits kept back. fair: 20 splits
into 50, 25 and 25 %; penalties and thresholds by the second part.
"""

import argparse

import fusion_emoji
import fusion_fair
import fusion_soup
import numpy as np
import torch
from machine import here
from stored import changing, plus_minus, table
from threadpoolctl import threadpool_limits

import bigmodel_lab as lab

PARTS = {
    "emoji": fusion_emoji.measured,
    "soup": fusion_soup.measured,
    "fair": fusion_fair.measured,
}


def emoji_tables(stored):
    """Return the lines of part emoji: every way, weights, and sources that break."""
    rows = stored["rows"]
    ways = list(rows[0]["accuracy"])
    lines = table(
        ["of a picture and a name", "accuracy, %", "log loss, nats"],
        [
            [
                way,
                plus_minus([row["accuracy"][way] for row in rows]),
                plus_minus([row["loss"][way] for row in rows], 2),
            ]
            for way in ways
        ],
    )
    facts = ("either right", "both wrong", "both wrong if independent")
    cells = [[fact, plus_minus([row[fact] for row in rows])] for fact in facts]
    cells.append(["the largest group", f"{stored['largest group']:.1f}"])
    for seen in ("unseen", "seen"):
        for source in ("picture", "name"):
            right = [row["stacks learn from"][seen][source] for row in rows]
            cells.append(
                [f"{source}, rows {seen}, that stacks learn from", plus_minus(right)]
            )
    lines += table(["besides", "%"], cells)
    lines += table(
        ["weight of pictures", "validation, %", "chosen in splits"],
        [
            [
                weight,
                plus_minus([row["validation by weight"][weight] for row in rows]),
                sum(row["weight"] == float(weight) for row in rows),
            ]
            for weight in rows[0]["validation by weight"]
        ],
    )
    columns = list(rows[0]["by heart"]["own, nearest neighbor"])
    lines += table(
        ["pictures, model of them", *columns],
        [
            [kind]
            + [
                plus_minus([row["by heart"][kind][way] for row in rows])
                for way in columns
            ]
            for kind in rows[0]["by heart"]
        ],
    )
    for what, broken in (("names", "names shuffled"), ("pictures", "pictures gray")):
        shares = rows[0]["broken"][what]
        lines += table(
            [broken, *(f"{float(share):.0%}" for share in shares)],
            [
                [way]
                + [
                    plus_minus([row["broken"][what][share][way] for row in rows])
                    for share in shares
                ]
                for way in fusion_emoji.SHOWN
            ],
        )
    return lines


def soup_tables(stored):
    """Return the lines of part soup: five networks, and the way between two."""
    starts = ("one", "different")
    rows = {s: [row for row in stored["rows"] if row["start"] == s] for s in starts}
    names = ["best on validation", "ensemble", "any right", "soup", "soup, matched"]
    single = [[np.mean(row["single"]) for row in rows[start]] for start in starts]
    cells = [["single", *map(plus_minus, single)]]
    for name in (*names, "moved"):
        values = [[row[name] for row in rows[start]] for start in starts]
        words = "units that matching moves, %" if name == "moved" else name
        cells.append([words, *map(plus_minus, values)])
    lines = table(
        ["five networks, accuracy, %", "one start", "different starts"], cells
    )
    ways = {
        "one start": ("one", "line"),
        "different starts": ("different", "line"),
        "matched": ("different", "line, matched"),
    }
    points = range(0, fusion_soup.POINTS, 2)
    head = [f"{k / (fusion_soup.POINTS - 1):.0%}" for k in points]
    losses = [
        [name]
        + [plus_minus([row[key]["loss"][k] for row in rows[start]], 2) for k in points]
        for name, (start, key) in ways.items()
    ]
    return lines + table(["loss on the way to a second network", *head], losses)


def fair_tables(stored):
    """Return the lines of part fair: gaps, what each group gets, rates, and guesses."""
    rows, lines = stored["rows"], []
    found = {way: [row["ways"][way] for row in rows] for way in fusion_fair.WAYS}

    def cells(way, *columns):
        return [
            way,
            *(
                plus_minus([get(r) for r in found[way]], digits)
                for get, digits in columns
            ),
        ]

    def named(*keys):
        def get(row):
            for key in keys:
                row = row[key]
            return row

        return get

    all_told = [("accuracy", 1), ("approved", 3), ("AUC", 3)]
    all_told += [("selection gap", 3), ("odds gap", 3)]
    columns = [(named(name), digits) for name, digits in all_told]
    columns.append((named("by chance", "odds"), 3))
    head = ["at a rate of 0.88", *(name for name, _ in all_told), "odds gap by chance"]
    body = [cells(way, *columns) for way in found]
    for name in ("banks", "everyone"):
        numbers = [
            plus_minus([row[name][key] for row in rows], digits) if key != "AUC" else ""
            for key, digits in all_told
        ]
        body.append([name, *numbers, ""])
    lines += table(head, body)
    kinds = ("approved", "of approved", "of refused", "precision")
    sides = [(group, kind) for kind in kinds for group in fusion_fair.GROUPS.values()]
    lines += table(
        ["share", *(f"{kind}, {group}" for group, kind in sides)],
        [cells(way, *((named(*side), 3) for side in sides)) for way in found],
    )
    rates = [point["rate"] for point in stored["curve"][fusion_fair.WAYS[0]]]
    for name, digits in (("accuracy", 1), ("selection gap", 3)):
        lines += table(
            [f"{name} by rate", *rates],
            [
                [way, *(f"{point[name][0]:.{digits}f}" for point in points)]
                for way, points in stored["curve"].items()
            ],
        )
    guessed = [
        [columns, plus_minus([row["guessed"][columns] for row in rows], 3)]
        for columns in rows[0]["guessed"]
    ]
    return lines + table(["group guessed from columns", "AUC"], guessed)


TABLES = {"emoji": emoji_tables, "soup": soup_tables, "fair": fair_tables}


def tables(stored):
    """Return the tables of the stored results, in Markdown."""
    lines = [
        line for part in PARTS if part in stored for line in TABLES[part](stored[part])
    ]
    return "\n".join(lines).strip()


def main():
    """Do what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--part", nargs="+", choices=PARTS, default=tuple(PARTS))
    parser.add_argument("--table", action="store_true", help="of the stored results")
    options = parser.parse_args()
    torch.set_num_threads(1)
    for part in () if options.table else options.part:
        with threadpool_limits(1):  # NumPy's own threads
            found = PARTS[part]() | here()
        with changing("fusion") as stored:
            stored[part] = found
            stored["made_by"] = "benchmarks/fusion.py"
    print(tables(lab.results.load("fusion")))


if __name__ == "__main__":
    main()
