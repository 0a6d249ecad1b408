"""Code for learners to read: a function is as short as its idea."""

import ast

import pytest

from bigmodel_lab.authoring.notebooks import ROOT

FOLDER = ROOT / "bigmodel_lab" / "from_scratch"
# The guards are kept apart: nobody reads them for their formula.
FILES = sorted(path for path in FOLDER.glob("*.py") if not path.stem.startswith("_"))
LIMIT = 12


def code_lines(source):
    """Return {function: lines of code}; docstrings, comments and blanks do not count.

    The lines of the signature do.
    """
    lines, counts = source.splitlines(), {}
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef):
            inside = range(node.lineno, node.end_lineno + 1)
            if ast.get_docstring(node) is not None:
                docstring = node.body[0]
                words = range(docstring.lineno, docstring.end_lineno + 1)
                inside = [number for number in inside if number not in words]
            code = [lines[number - 1].strip() for number in inside]
            counts[f"line {node.lineno}: {node.name}"] = len(
                [line for line in code if line and not line.startswith("#")]
            )
    return counts


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_function_reads_like_its_formula(path):
    counts = code_lines(path.read_text(encoding="utf-8"))
    long = {name: count for name, count in counts.items() if count > LIMIT}
    assert not long, (
        f"More than {LIMIT} lines of code: {long}. Move guards to _checks.py, or split "
        f"the function where the idea has two parts."
    )


def test_only_code_counts():
    source = '''
class A:
    @property
    def f(self):
        """Say.

        More.
        """
        # why

        def g():
            return 1  # here

        return g
'''
    assert code_lines(source) == {"line 4: f": 4, "line 11: g": 2}
