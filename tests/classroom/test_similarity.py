"""Similar answers: copies are found, though renamed; right answers alone are not."""

import shutil

from learners import hand_in, make_course, solved

from bigmodel_lab.classroom import report, similarity
from bigmodel_lab.classroom.folder import CourseFolder

RELEASE = ["def rmse(a, b):\n    ...", 'lab.check("x.rmse", rmse)']
SOLUTION = ["def rmse(a, b):\n    return ((a - b) ** 2).mean() ** 0.5"]
COPIED = """
def rmse(a, b):
    total, count = 0.0, 0
    for first, second in zip(a.tolist(), b.tolist()):
        difference = first - second
        total = total + difference * difference
        count += 1
    return (total / count) ** 0.5
"""
OTHERS = {
    "right": SOLUTION,
    "torch": ["def rmse(a, b):\n    return torch.sqrt(F.mse_loss(a, b))"],
    "numpy": ["def rmse(a, b):\n    return np.sqrt(np.square(a - b).mean())"],
    "steps": ["def rmse(a, b):\n    d = a - b\n    return (d @ d / len(d)) ** 0.5"],
    "empty": RELEASE,
    "broken": ["def rmse(a, b:\n    return ((((("],
}


def renamed(code):
    for old, new in (("total", "x1"), ("count", "x2"), ("first", "u"), ("second", "v")):
        code = code.replace(old, new)
    return f"# all my own work\n\n{code}"


def test_a_copy_is_found_though_its_names_changed():
    class_ = OTHERS | {"ada": [COPIED], "zoe": ["import math", renamed(COPIED)]}
    (pair,) = similarity.pairs(class_, [RELEASE, SOLUTION])
    assert (pair["student"], pair["other"]) == ("ada", "zoe")
    assert pair["share_percent"] >= 90


def test_right_answers_are_alike_and_no_copies():
    alike = {f"learner {n}": SOLUTION for n in range(5)}
    assert similarity.pairs(OTHERS | alike, [RELEASE, SOLUTION]) == []


def test_what_many_wrote_is_no_hint():
    many = {f"learner {n}": [COPIED] for n in range(8)}
    assert similarity.pairs(many, [RELEASE, SOLUTION]) == []


def test_the_file_says_that_it_is_a_hint(tmp_path):
    name = "losses.hidden_delta"
    release = make_course(tmp_path / "course", {"02_losses": [name]})["02_losses"]
    course = CourseFolder(tmp_path / "course")
    for student, first in (("ada", COPIED), ("zoe", renamed(COPIED)), ("bob", "")):
        path = course.path / "submitted" / student / "02_losses" / "02_losses.ipynb"
        hand_in(release, path, solved([name]), first=first)
    (row,) = similarity.write(course)
    (kept,) = report.read_rows(course.path / "similar.csv")
    assert kept == {k: str(v) for k, v in row.items()}
    assert "a hint only" in kept["remark"]
    shutil.rmtree(course.path / "submitted")
    assert similarity.write(course) == []
