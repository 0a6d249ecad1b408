"""The roster of a class: who is in it, as Moodle, Canvas or a spreadsheet lists it."""

import csv
import io
import re
import shutil
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from bigmodel_lab.classroom import layouts
from bigmodel_lab.classroom.folder import CourseFolder

FILE = "roster.csv"
# What each column is called, in small letters; the first that a file has is taken.
COLUMNS = {
    "name": ("full name", "student", "name", "student name", "learner"),
    "first": ("first name", "firstname", "given name"),
    "last": ("last name", "lastname", "surname", "family name"),
    "id": ("id number", "idnumber", "sis user id", "student id", "id"),
    "email": ("email address", "email", "e-mail", "e-mail address"),
    "username": ("username", "user name", "sis login id", "login id", "login"),
}
# Canvas' gradebook has rows that are no learner's.
_NO_LEARNERS = ("points possible", "student, test", "test student")


@dataclass(frozen=True)
class Learner:
    """A row of a roster; `row` has all of the file's columns by their names there."""

    row: dict

    def field(self, what: str) -> str:
        """Return the "id", "email", "username", "first" or "last" of a learner."""
        by_name = {(k or "").strip().lower(): v for k, v in self.row.items()}
        found = ((by_name.get(name) or "").strip() for name in COLUMNS[what])
        return next(filter(None, found), "")

    @property
    def name(self) -> str:
        """Return the name as the file has it, or the best instead of it."""
        both = f"{self.field('first')} {self.field('last')}".strip()
        others = self.field("username"), self.field("email"), self.field("id")
        return self.field("name") or both or next(filter(None, others), "")

    def column(self, name: str) -> str:
        """Return the value of a column of the file, "" if it has none."""
        return (self.row.get(name) or "").strip()

    @cached_property
    def keys(self) -> list[set[str]]:
        """Return what a submission may be called, the surest first."""
        fields = {self.field(what) for what in ("id", "email", "username")}
        names = {self.name, " ".join(reversed(self.name.split(",")))}
        in_order = [_words(name) for name in names]
        words = {" ".join(sorted(each)) for each in in_order}
        # Canvas writes the name as one word, the last name first.
        joined = {"".join(each) for each in in_order}
        joined |= {"".join([*each[-1:], *each[:-1]]) for each in in_order}
        known_by = {self.field("email").partition("@")[0]}
        tiers = fields, names, words | joined, known_by
        return [{_plain(text) for text in tier} - {""} for tier in tiers]


class Roster:
    """A class list read from a CSV file, with commas, semicolons or tabs.

    Raises ValueError if it cannot be read, has no column that tells learners apart, or
    nobody in it.
    """

    def __init__(self, path: Path):
        try:
            text = Path(path).read_text(encoding="utf-8-sig")
        except FileNotFoundError:
            raise ValueError(f"There is no roster {path}.") from None
        except UnicodeDecodeError:
            raise ValueError(
                f"{path} is not in UTF-8: save it as CSV UTF-8 in your spreadsheet."
            ) from None
        rows, self.columns = _table(text)
        known = {name for names in COLUMNS.values() for name in names}
        if not known & {name.lower() for name in self.columns}:
            raise ValueError(
                f"{path} has no column with names, e-mails or ids of learners: call "
                f"one Name, Email address or ID number. It has "
                f"{', '.join(self.columns) or 'no columns'}."
            )
        everybody = map(Learner, rows)
        self.learners = [one for one in everybody if _is_learner(one)]
        if not self.learners:
            raise ValueError(f"{path} lists no learner.")

    def __iter__(self) -> Iterator[Learner]:
        """Return an iterator over the learners."""
        return iter(self.learners)

    def find(self, student: str, origin: str = "") -> Learner | None:
        """Return the learner whose submission has this name; None without just one.

        `origin` is the name that a platform gave it: Canvas' has a number of its own.
        """
        number = layouts.number_in(origin, [layouts.CANVAS])
        if number and (found := [x for x in self if x.column("ID") == number]):
            return found[0]
        plain, words = _plain(student), " ".join(sorted(_words(student)))
        for tier in range(4):
            found = [x for x in self if {plain, words} & x.keys[tier]]
            if found:
                return found[0] if len(found) == 1 else None
        return None


def _table(text):
    """Return (rows, names of the columns) of a CSV file's text."""
    separator = max(",;\t", key=text.partition("\n")[0].count)
    try:
        head, *rows = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    except (csv.Error, ValueError):  # nothing in it, or no table
        return [], []
    names = [name.strip() for name in head]
    return [dict(zip(names, row, strict=False)) for row in rows], names


def keep(path: Path, course: CourseFolder) -> None:
    """Copy a roster into a course, once it can be read; ValueError if not."""
    Roster(path)
    if Path(path).resolve() != course.path / FILE:
        shutil.copy(path, course.path / FILE)


def kept(course: CourseFolder) -> Roster | None:
    """Return the roster that a course keeps, or None."""
    path = course.path / FILE
    return Roster(path) if path.exists() else None


def remove(one: Learner, course: CourseFolder) -> None:
    """Take a learner off the roster that a course keeps."""
    people = Roster(course.path / FILE)
    left = [other.row for other in people if other.row != one.row]
    with (course.path / FILE).open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, people.columns, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(left)


def _is_learner(one):
    """Tell whether a row is a learner's."""
    return bool(one.name) and one.name.lower() not in _NO_LEARNERS


def _plain(text):
    """Return a text as names are compared: however it is encoded, or spaced."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def _words(text):
    """Return the words of a name."""
    return re.findall(r"\w+", _plain(text))
