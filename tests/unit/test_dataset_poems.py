import re
from itertools import combinations

import pytest

from bigmodel_lab import datasets
from bigmodel_lab.datasets import make_poems
from bigmodel_lab.datasets.sources import FILES

FORMS = {"7x4": (7, 49_426), "5x4": (5, 10_908)}


def lines(table, length):
    """Return the lines of all poems in a frame."""
    found = {line for poem in table["poem"] for line in re.findall("[^，。]+", poem)}
    assert {*map(len, found)} == {length}
    return found


@pytest.mark.parametrize("form", FORMS)
def test_quatrains_have_one_form_and_their_origin(form):
    length, count = FORMS[form]
    parts = datasets.tang_poems(form)
    assert sum(map(len, parts)) == count
    shares = [len(part) / count for part in parts]
    assert shares == pytest.approx([0.9, 0.05, 0.05], abs=0.01)
    for part in parts:
        assert list(part.columns) == ["poem", "author", "dynasty"]
        half = f"[\u4e00-\u9fff]{{{length}}}，[\u4e00-\u9fff]{{{length}}}。"
        assert part["poem"].str.fullmatch(half * 2).all()
        assert not part["poem"].duplicated().any()
        assert "MIT" in part.attrs["license"]
    characters = {c for part in parts for poem in part["poem"] for c in poem}
    assert len(characters - {*"，。"}) <= 3000


def test_no_line_is_in_two_parts_of_either_form():
    for form, (length, _) in FORMS.items():
        parts = [lines(part, length) for part in datasets.tang_poems(form)]
        for one, other in combinations(parts, 2):
            assert not one & other


def test_one_dynasty_can_be_had():
    tang, *_ = datasets.tang_poems(dynasty="tang")
    song, *_ = datasets.tang_poems(dynasty="song")
    both, *_ = datasets.tang_poems()
    assert (set(tang["dynasty"]), set(song["dynasty"])) == ({"tang"}, {"song"})
    assert len(tang) + len(song) == len(both)
    assert "李白" in set(tang["author"])
    assert "苏轼" in set(song["author"])


@pytest.mark.parametrize(
    ("arguments", "says"), [({"form": "7x8"}, "7x8"), ({"dynasty": "ming"}, "ming")]
)
def test_an_unknown_form_or_dynasty_is_told(arguments, says):
    with pytest.raises(ValueError, match=says):
        datasets.tang_poems(**arguments)


# The maker, on what it keeps and where it puts it.


def test_only_quatrains_are_kept():
    keep = "白日依山尽，黄河入海流。欲穷千里目，更上一层楼。"
    assert make_poems.quatrain(keep) == tuple(re.findall("[^，。]+", keep))
    for text in (keep[:18], keep + keep, keep.replace("白", "A"), keep[1:]):
        assert make_poems.quatrain(text) == ()


def test_poems_that_share_a_line_through_others_are_in_one_part():
    poems = [("tang", "x", tuple(f"{k}{n}" for n in range(4))) for k in range(200)]
    chain = [("tang", "x", (f"{k}0", f"{k + 1}0", f"c{k}", f"d{k}")) for k in range(60)]
    parts = make_poems.parts(poems + chain)
    assert len({*parts[:61], *parts[200:]}) == 1
    assert set(parts) == {"train", "validation", "test"}
    assert parts == make_poems.parts(poems + chain)


def test_the_file_is_the_one_that_is_registered():
    file = FILES["tang-poems"]
    assert make_poems.FILE.stat().st_size == file.size


def test_another_archive_is_refused(tmp_path):
    (tmp_path / "x.tgz").write_bytes(b"x")
    with pytest.raises(ValueError, match=r"not chinese-poetry 2\.0\.1"):
        make_poems.main(str(tmp_path / "x.tgz"))
