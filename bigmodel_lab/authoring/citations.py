"""Which sections of the articles a chapter judges: its claims table says it."""

import re

from bigmodel_lab.authoring import notebooks

# Where a claim stands: an article, and its sections until the next one.
_PLACE = re.compile(r"(D\d)|§(\d+)(?:\.(\d+))?[\d.]*(?:-\d+\.(\d+))?( Q\d)?")


def cited(name):
    """Return the sections of each article that a chapter's claims table cites, sorted.

    A section is a chapter of the article and its first division: §4.2 for §4.2.1.
    """
    source = notebooks.notebooks_folder() / "source" / f"{name}.py"
    texts = [cell.source for cell in notebooks.build(source).cells]
    places = {}
    for table in (text for text in texts if text.startswith("## Claims checked")):
        for row in table.splitlines():
            where = row.split("|")[2] if row.startswith("|") else ""
            for article, *numbers, question in _PLACE.findall(where):
                if article:
                    sections = places.setdefault(article, set())
                    continue
                first, low, high = (int(number or 0) for number in numbers)
                for second in range(low, max(low, high) + 1):
                    sections.add((first, second, question))
    return {
        article: [
            f"§{first}{f'.{second}' if second else ''}{question}"
            for first, second, question in sorted(places[article])
        ]
        for article in sorted(places)
    }
