"""Anonymous marking: a pseudonym for each learner, the same in every grading.

A course is anonymous from its first grading on: nbgrader's folders, form and gradebook
then hold pseudonyms only, as do the pages and files for others.
"""

import re
import secrets

from bigmodel_lab.classroom.folder import CourseFolder
from bigmodel_lab.classroom.plain import shown

FILE = "pseudonyms.json"


def begin(course: CourseFolder) -> None:
    """Make a course anonymous.

    Raises ValueError if learners were graded in it under their names.
    """
    if anonymous(course):
        return
    if course.scores():
        raise ValueError(
            f"{course.path} holds learners' names already: grade anonymously in a "
            "course folder of its own."
        )
    course.remember(FILE, {"": ""})  # so that there is a file before the first learner


def anonymous(course: CourseFolder) -> bool:
    """Tell whether a course is anonymous."""
    return (course.path / FILE).exists()


def of(names: list[str], course: CourseFolder) -> dict[str, str]:
    """Return names' pseudonyms by name, making those that are missing.

    In a course that is not anonymous everybody keeps the name.
    """
    if not anonymous(course):
        return {name: name for name in names}
    known = course.remembered(FILE)
    for name in names:
        while name not in known:
            pseudonym = f"learner-{secrets.token_hex(2)}"  # says nothing of the order
            if pseudonym not in known.values():
                known[name] = pseudonym
    course.remember(FILE, known)
    return {name: known[name] for name in names}


def real(student: str, course: CourseFolder) -> str:
    """Return the name behind a pseudonym, or the name itself."""
    names = {pseudonym: name for name, pseudonym in course.remembered(FILE).items()}
    return names.get(student, student)


def hide(submissions: list, course: CourseFolder) -> None:
    """Replace the names in submissions by pseudonyms, also in what is wrong with them.

    Nothing happens in a course that is not anonymous.
    """
    if not anonymous(course):
        return
    known = of([one.student for one in submissions], course)
    for one in submissions:
        name, one.student = one.student, known[one.student]
        names = {name, shown(one.path.name), shown(one.origin)} - {""}
        for text in sorted(names, key=len, reverse=True):  # a file's name whole
            whole = rf"(?<![^\W_]){re.escape(text)}(?![^\W_])"
            one.problem = re.sub(whole, one.student, one.problem)
