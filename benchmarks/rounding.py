"""How close is each number that a chapter prints to the edge of its rounding?

A number printed as 39 may be 38.51 here and 38.49 on another processor, which prints
38. This runs the chapters with the kernels of three processors, with one thread and
two, and records each float as it is formatted: how far, in units of its last digit, it
is from the edge where another digit would be printed, and how far it moves between the
runs. Numbers from `lab.about` are compared by their tolerance and listed separately.

`python benchmarks/rounding.py [CHAPTER ...] [--list FILE.csv]`: a table by chapter, and
every number that needs a tolerance: it moves by a hundred-thousandth of a unit or more
(so it is more than float64 rounding), and is within a tenth of a unit of the edge.
Likewise every comparison of two floats (a True, a False, an assert) that is a close
call: the two differ by less than ten times as much as they move.
"""

import argparse
import ast
import json
import math
import operator
import os
import re
import string
import sys
import tempfile
from pathlib import Path

COLUMNS = ["cell", "kind", "shown", "distance", "moves"]
NEAR, MOVES = 0.1, 1e-5  # units of the last printed digit


# -- In the kernel: every float is recorded on its way into text.


class _Noting(ast.NodeTransformer):
    """Rewrite a cell so that f-strings, templates and roundings record their floats."""

    def visit_FormattedValue(self, node):
        self.generic_visit(node)
        spec = node.format_spec or ast.Constant("")
        node.value = _call("_noted", node.value, spec)
        return node

    def visit_Attribute(self, node):
        self.generic_visit(node)
        if isinstance(node.value, ast.Constant) and node.attr == "format":
            node.value = _call("_noting_template", node.value)
        return node

    def visit_Compare(self, node):
        self.generic_visit(node)
        name = type(node.ops[0]).__name__.lower()  # from one of `operator`'s functions
        name = {"lte": "le", "gte": "ge"}.get(name, name)
        if len(node.ops) > 1 or name not in ("lt", "le", "gt", "ge"):
            return node
        left, (right,) = node.left, node.comparators
        return _call("_noted_comparison", ast.Constant(name), left, right)

    def visit_Call(self, node):
        self.generic_visit(node)
        if isinstance(node.func, ast.Attribute) and node.func.attr == "round":
            node.args.insert(0, node.func.value)
            node.func = ast.Name("_noted_rounding", ast.Load())
        elif isinstance(node.func, ast.Name) and node.func.id == "round":
            node.func.id = "_noted_rounding"
        return node


def _call(name, *arguments):
    return ast.Call(ast.Name(name, ast.Load()), list(arguments), [])


def start_noting(shell, path):
    """Record the floats that this kernel's cells format, one JSON line each."""
    import bigmodel_lab as lab

    ours = shell.execution_count
    file = open(path, "w")  # noqa: SIM115, open as long as the kernel lives

    def note(value, unit, shown, kind):
        cell = shell.execution_count - ours
        row = {"cell": cell, "value": value, "unit": unit, "shown": shown, "kind": kind}
        file.write(json.dumps(row) + "\n")
        file.flush()

    def noted(value, spec):
        if is_float(value) and spec:
            shown = format(value, spec)
            scale = 100 if spec.endswith("%") else 1
            note(scale * float(value), unit_of(shown, spec), shown, "format")
        return value

    def noted_rounding(thing, *args, **kwargs):
        rounded = (
            round(thing, *args) if is_float(thing) else thing.round(*args, **kwargs)
        )
        decimals = (args or tuple(kwargs.values()) or (0,))[0]
        before, after = (flat(values) for values in (thing, rounded))
        for old, new in zip(before, after, strict=True):
            note(old, 10.0**-decimals, f"{new:.10g}", "round")
        return rounded

    def noted_comparison(name, left, right):
        if all(isinstance(number, int) or is_float(number) for number in (left, right)):
            a, b = float(left), float(right)
            note(a - b, max(abs(a), abs(b)) or 1, f"{a:.6g} {name} {b:.6g}", "compare")
        return getattr(operator, name)(left, right)

    class Template(str):
        def format(self, *args, **kwargs):
            return Formatter().format(str(self), *args, **kwargs)

    class Formatter(string.Formatter):
        def format_field(self, value, spec):
            return format(noted(value, spec), spec)

    about = lab.about

    def noted_about(value, *args, **kwargs):
        shown = about(value, *args, **kwargs)
        numbers = flat(value)
        note(sum(numbers) / len(numbers), None, shown, "about")
        return shown

    lab.about = noted_about
    shell.user_ns |= {
        "_noted": noted,
        "_noted_rounding": noted_rounding,
        "_noted_comparison": noted_comparison,
        "_noting_template": Template,
    }
    shell.ast_transformers.append(_Noting())


def is_float(value):
    """Tell whether something is a single number that is not of an integer type."""
    if isinstance(value, float):
        return True
    kind = str(getattr(value, "dtype", ""))
    return "float" in kind and getattr(value, "ndim", 1) == 0


def flat(values):
    """List the floats of a number, an array, a tensor or a frame, row by row."""
    if hasattr(values, "select_dtypes"):
        values = values.select_dtypes("float")
    if hasattr(values, "to_numpy"):
        values = values.to_numpy()
    values = values.tolist() if hasattr(values, "tolist") else values
    return list(_leaves(values))


def _leaves(values):
    if isinstance(values, list | tuple):
        for value in values:
            yield from _leaves(value)
    elif isinstance(values, float):
        yield values


def unit_of(shown, spec):
    """Return the size of one unit of the last printed digit."""
    digits, _, exponent = re.sub(r"[^\d.e+-]", "", shown).partition("e")
    if spec.endswith("g"):
        precision = int((re.search(r"\.(\d+)", spec) or [0, 6])[1])
        value = float(digits + (f"e{exponent}" if exponent else "")) if digits else 0.0
        return (
            10.0 ** (math.floor(math.log10(abs(value))) + 1 - precision) if value else 1
        )
    return 10.0 ** (int(exponent or 0) - len(digits.partition(".")[2]))


# -- In this process: six runs of each chapter, put side by side.


def numbers_of(path, profile, threads):
    """Run a chapter; return what it recorded, and how many outputs have changed."""
    import nbformat

    from bigmodel_lab.authoring import cpu_profiles
    from bigmodel_lab.authoring.notebooks import (
        build,
        code_cells,
        execute,
        source_of,
        unchecked,
    )
    from bigmodel_lab.tolerance import differences

    nb = build(source_of(path))
    with tempfile.NamedTemporaryFile(suffix=".jsonl") as file:
        code = (
            f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r})\n"
            f"import rounding; rounding.start_noting(get_ipython(), {file.name!r})"
        )
        nb.cells.insert(0, nbformat.v4.new_code_cell(code))
        variables = cpu_profiles.environment(profile, threads)
        execute(nb, path.parent, variables=variables)
        rows = [json.loads(line) for line in Path(file.name).read_text().splitlines()]
    cells = code_cells(nb)[1:]
    words = [json.dumps(cell.outputs, ensure_ascii=False) for cell in cells]
    kept = []
    for row in rows:
        cell = cells[row["cell"] - 1]
        printed = row["kind"] in ("round", "compare")
        printed = printed or row["shown"] in words[row["cell"] - 1]
        if printed and math.isfinite(row["value"]) and not unchecked(cell):
            kept.append(row | {"cell_id": cell.id})
    stored = code_cells(nbformat.read(path, as_version=4))
    differ = [
        any(differences(cell.outputs, old.outputs)) and not unchecked(cell)
        for cell, old in zip(cells, stored, strict=True)
    ]
    return kept, sum(differ)


def side_by_side(runs):
    """Return one row per number: its values in all runs, its distance, its movement."""
    from bigmodel_lab.tolerance import settled

    by_cell = [{} for _ in runs]
    for of_run, rows in zip(by_cell, runs.values(), strict=True):
        for row in rows:
            of_run.setdefault(row["cell_id"], []).append(row)
    table = []
    for cell in by_cell[0]:
        columns = [of_run.get(cell, []) for of_run in by_cell]
        if len({len(column) for column in columns}) > 1:
            row = {"cell": cell, "kind": "count", "moves": math.inf}
            table.append(row | {"shown": "not as many numbers in each run"})
            continue
        for same in zip(*columns, strict=True):
            first, values = same[0], [row["value"] for row in same]
            unit, kind = first["unit"], first["kind"]
            row = {"cell": cell, "kind": kind, "shown": first["shown"]}
            if kind == "about":
                texts = [settled(other["shown"], first["shown"]) for other in same]
                row["moves"] = 0 if set(texts) == {first["shown"]} else math.inf
            else:
                row["moves"] = (max(values) - min(values)) / unit
                row["distance"] = min(abs(v / unit) for v in values)
                if kind != "compare":
                    row["distance"] = min(abs((v / unit) % 1 - 0.5) for v in values)
            table.append(row | dict(zip(runs, values, strict=True)))
    return table


def needs(table):
    """Return a mask of the rows that another processor may show differently."""
    compared = table["kind"] == "compare"
    near = (table["distance"] < NEAR) | (table["moves"] > NEAR)
    close = table["distance"] < 10 * table["moves"]
    return (table["moves"] >= MOVES) & near.where(~compared, close)


def main(arguments=None):
    """Measure the chapters and print the tables."""
    import pandas as pd
    from machine import machine

    from bigmodel_lab.authoring.cpu_profiles import PROFILES
    from bigmodel_lab.authoring.notebooks import chapters

    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("chapters", nargs="*")
    parser.add_argument("--list", help="a CSV file for every number")
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    options = parser.parse_args(arguments)
    runs_of = [(profile, n) for profile in PROFILES for n in options.threads]
    print(machine(), end="\n\n")
    columns = ["chapter", "exact numbers", "move", "nearest to its edge"]
    columns += ["need a tolerance", "with tolerance", "comparisons", "close calls"]
    columns += ["cells that differ from the stored"]
    print("|", " | ".join(columns), "|\n" + "|---" * len(columns) + "|")
    tables = []
    for path in chapters(options.chapters):
        noted = {f"{p}, {n}": numbers_of(path, p, n) for p, n in runs_of}
        runs = {run: kept for run, (kept, _) in noted.items()}
        differ = {run: count for run, (_, count) in noted.items() if count}
        table = pd.DataFrame(side_by_side(runs), columns=[*COLUMNS, *runs])
        table["chapter"] = path.stem
        tables.append(table)
        exact = table[table["kind"].isin(["format", "round"])]
        compared = table[table["kind"] == "compare"]
        moving = exact[exact["moves"] >= MOVES]
        print(
            f"| {path.stem} | {len(exact)} | {len(moving)} | "
            f"{moving['distance'].min():.3f} | {needs(exact).sum()} | "
            f"{(table['kind'] == 'about').sum()} | {len(compared)} | "
            f"{needs(compared).sum()} | {differ or 'none'} |",
            flush=True,
        )
    every = pd.concat(tables)
    columns = ["chapter", "cell", "kind", "shown", "distance", "moves"]
    print("\n" + every[needs(every)][columns].to_string(index=False))
    if options.list:
        every.to_csv(options.list, index=False)


if __name__ == "__main__":
    sys.path.insert(0, os.path.dirname(__file__))
    main()
