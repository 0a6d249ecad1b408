"""What the workbook says about itself: `course.toml`, and everything made from it.

`write` puts it into the course card (`notebooks/course_card.ipynb`), the README, and
the cells of the chapters that carry one of the tags in `_CELLS`. It writes the page of
the data's licenses, too.
"""

import re
import textwrap
import tomllib
from functools import cache
from importlib.resources import files

import nbformat

from bigmodel_lab.authoring import licenses, links, notebooks
from bigmodel_lab.authoring.citations import cited

CARD = "course_card"
# The parts of the README between `<!-- course: name -->` and `<!-- course: end -->`.
_PART = re.compile(r"(<!-- course: (\w+) -->\n).*?(<!-- course: end -->)", re.DOTALL)
_ARTICLES = (
    "D0 to D4 are [the five articles]"
    "(00_start_here.ipynb#The-chapters-and-the-articles)"
)


@cache
def facts():
    """Return the contents of course.toml as a dictionary."""
    text = files(__package__).joinpath("course.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def generated(repository=None):
    """Return the text of every file that `write` would write, by path.

    `repository` is the address for the links; by default the one in pyproject.toml.
    Raises RuntimeError outside a checkout, ValueError if a chapter is not in
    course.toml or the repository is not on GitHub.
    """
    repository = repository or links.repository()
    readme = notebooks.ROOT / "README.md"
    card = notebooks.notebooks_folder() / f"{CARD}.ipynb"
    texts = {
        card: nbformat.writes(_card(repository)) + "\n",
        readme: _PART.sub(
            lambda part: f"{part[1]}\n{_README[part[2]](repository)}\n\n{part[3]}",
            readme.read_text(encoding="utf-8"),
        ),
        notebooks.ROOT / "docs" / "data_licenses.md": licenses.page(),
    }
    for path in notebooks.chapters():
        source = notebooks.source_of(path)
        filled = _fill(notebooks.build(source), path.stem, repository)
        texts[source] = notebooks.as_text(filled)
        if path.exists():
            stored = _fill(nbformat.read(path, as_version=4), path.stem, repository)
            texts[path] = nbformat.writes(stored) + "\n"
    return texts


def write():
    """Write every file that differs from `generated`; return the paths written."""
    written = []
    for path, text in generated().items():
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            notebooks.write(path, text)
            written.append(path)
    return written


# -- Chapters


def _fill(nb, name, repository):
    """Fill in the cells of a chapter's notebook that come from here; return it."""
    for cell in nb.cells:
        for tag in cell.metadata.get("tags", []):
            if tag in _CELLS:
                cell.source = _CELLS[tag](facts_of(name), repository)
    return nb


def facts_of(name):
    """Return what course.toml says about one chapter; ValueError if it has no entry."""
    for chapter in facts()["chapters"]:
        if chapter["name"] == name:
            return chapter
    raise ValueError(
        f"Chapter {name} is not in bigmodel_lab/authoring/course.toml: add it there."
    )


def _opening(chapter, repository):
    """Return a chapter's first cell: title, links, goals and prerequisites."""
    name = chapter["name"]
    title = chapter["title"]
    if "subtitle" in chapter:
        title += f": {chapter['subtitle']}"
    places = (
        f"{_elsewhere(repository, name)} · [Course card and glossary]({CARD}.ipynb)"
    )
    parts = f" ({chapter['parts']})" if "parts" in chapter else ""
    facts = [f"**Time:** {_duration(chapter['minutes'])}{parts}."]
    judged = "; ".join(
        f"{article} {', '.join(sections)}" for article, sections in cited(name).items()
    )
    facts.append(f"**Judges:** {judged} ({_ARTICLES}).")
    if "needs" in chapter:
        facts.append(f"**You need:** {chapter['needs']}.")
    if "before" in chapter:
        facts.append(f"**Read first:** {_before(chapter)}.")
    blocks = [
        f"# {int(name[:2])} · {title}",
        places,
        *([_wrap(chapter["lead"])] if "lead" in chapter else []),
        "## What you will be able to do",
        _bullets(chapter["goals"]),
        _wrap(" ".join(facts)),
    ]
    return "\n\n".join(blocks)


def _colab(chapter, repository):
    """Return the cell that installs the library on Colab and does nothing elsewhere."""
    return (
        "# On Google Colab, install the library; elsewhere, do nothing.\n"
        "import sys\n\n"
        "from IPython import get_ipython\n\n"
        'if "google.colab" in sys.modules:\n'
        f'    url = "git+{repository}"\n'
        '    get_ipython().run_line_magic("pip", f"install -q {url}")'
    )


def _articles(*_):
    """Return which chapter mirrors which article, and the list of the articles."""
    names = [article["name"] for article in facts()["articles"]]
    rows = [
        [_link(chapter), *(", ".join(judged.get(name, [])) for name in names)]
        for chapter in facts()["chapters"]
        for judged in [cited(chapter["name"])]
    ]
    articles = [
        [
            article["name"],
            article["chinese"] + ("" if article["titled"] else " \\*"),
            article["subject"],
        ]
        for article in facts()["articles"]
    ]
    return "\n\n".join(
        [
            "## The chapters and the articles",
            _wrap(
                "We call the articles D0 to D4. Each chapter ends with a table of the "
                "claims it checked; these are the sections they stand in."
            ),
            _table(["Chapter", *names], rows),
            _table(["Article", "Chinese title", "Its subject"], articles),
            _wrap("\\* This article has no title: these are words from its abstract."),
        ]
    )


_CELLS = {
    "course-opening": _opening,
    "course-colab": _colab,
    "course-articles": _articles,
}


# -- The course card and the README


def _card(repository):
    """Return the course card as a notebook of Markdown cells."""
    chapters = facts()["chapters"]
    minutes = sum(chapter["minutes"] for chapter in chapters)
    table = [
        [
            _link(chapter),
            chapter["question"],
            _duration(chapter["minutes"]),
            _before(chapter) if "before" in chapter else "",
        ]
        for chapter in chapters
    ]
    texts = [
        "# Course card and glossary\n\n"
        + f"{_elsewhere(repository, CARD)} · [Start here]({chapters[0]['name']}.ipynb)"
        + f"\n\n{_wrap(facts()['purpose'])}",
        "## What you need\n\n" + _bullets(facts()["prerequisites"]),
        f"## The chapters\n\n{len(chapters)} chapters, {_duration(minutes)} in all, "
        "exercises included.\n\n"
        + _table(["Chapter", "Question", "Time", "Read first"], table)
        + f"\n\n{_wrap(_path())}",
        _articles(),
        "## What you will be able to do\n\nAfter each chapter, you can …",
        *(f"### {_name(each)}\n\n{_bullets(each['goals'])}" for each in chapters),
        _glossary(),
        _chinese_index(),
    ]
    cells = [nbformat.v4.new_markdown_cell(text) for text in texts]
    for index, cell in enumerate(cells):
        cell.id = f"cell-{index:03d}"
    # The card has no source: the checkout's jupytext must not make one.
    metadata = {**notebooks.METADATA, "jupytext": {"formats": "ipynb"}}
    return nbformat.v4.new_notebook(cells=cells, metadata=metadata)


def _path():
    """Return the path for beginners, in words."""
    links = [f"[{name[:2]}]({name}.ipynb)" for name in facts()["path"]["chapters"]]
    return f"**New to all of it?** Read {', '.join(links)}: {facts()['path']['why']}"


def _glossary():
    """Return the glossary, sorted by the English terms."""
    chapters = {chapter["name"][:2]: chapter for chapter in facts()["chapters"]}
    terms, rows = facts()["glossary"]["terms"], []
    for term in sorted(terms, key=lambda term: term["english"].casefold()):
        words = [f"**{term['english']}**", term["chinese"]]
        if "articles" in term:
            words.append(f"articles: {term['articles']}")
        chapter = f"[{term['chapter']}]({chapters[term['chapter']]['name']}.ipynb)"
        rows.append(["<br>".join(words), term["meaning"], chapter])
    return "\n\n".join(
        [
            "## Glossary",
            _wrap(
                "The Chinese term is the usual one in textbooks, followed by the "
                "articles' own where it differs. The chapter is where a term "
                "first matters."
            ),
            _table(["Term", "Meaning", "Chapter"], rows),
        ]
    )


def _chinese_index():
    """Return the Chinese terms, sorted by their pinyin, with the English ones."""
    # GB 18030 keeps the order of GB 2312, whose common characters are sorted by pinyin.
    terms = facts()["glossary"]["terms"]
    by_pinyin = sorted(terms, key=lambda term: term["chinese"].encode("gb18030"))
    rows = [[term["chinese"], term["english"]] for term in by_pinyin]
    return "### From Chinese\n\n" + _table(["Chinese", "English"], rows)


def _readme_chapters(repository):
    """Return the README's table of chapters."""
    rows = [
        [
            f"[{_name(chapter)}](notebooks/{chapter['name']}.ipynb)",
            chapter["learn"],
            _elsewhere(repository, chapter["name"], "Binder", "Colab"),
        ]
        for chapter in facts()["chapters"]
    ]
    return _table(["Chapter", "You learn to", "Open in"], rows)


def _readme_links(repository):
    """Return the addresses behind the README's badges."""
    first = facts()["chapters"][0]["name"]
    return (
        f"[binder]: {links.binder(repository, first)}\n"
        f"[colab]: {links.colab(repository, first)}"
    )


_README = {"chapters": _readme_chapters, "links": _readme_links}


# -- Markdown


def _elsewhere(repository, name, binder="Open in Binder", colab="Open in Colab"):
    """Return links that open a notebook elsewhere, as words that read well offline."""
    return (
        f"[{binder}]({links.binder(repository, name)}) · "
        f"[{colab}]({links.colab(repository, name)})"
    )


def _name(chapter):
    """Return a chapter's number and title, as in "05 MNIST"."""
    return f"{chapter['name'][:2]} {chapter['title']}"


def _link(chapter):
    """Return a link to a chapter, from a notebook."""
    return f"[{_name(chapter)}]({chapter['name']}.ipynb)"


def _before(chapter):
    """Return the chapters to read before this one, and why."""
    return "; ".join(
        f"[chapter {other['chapter'][:2]}]({other['chapter']}.ipynb)"
        + (f" {other['why']}" if "why" in other else "")
        for other in chapter["before"]
    )


def _duration(minutes):
    """Return minutes in words: 75 minutes, 2 hours, 11.5 hours."""
    return (
        f"{minutes} minutes" if minutes < 120 else f"{round(minutes / 60, 1):g} hours"
    )


def _wrap(text, first="", rest=""):
    """Wrap a paragraph to the width of a source, without breaking addresses."""
    return textwrap.fill(
        text.strip(),
        width=86,
        initial_indent=first,
        subsequent_indent=rest,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _bullets(texts):
    """Return texts as a Markdown list."""
    return "\n".join(_wrap(text, "- ", "  ") for text in texts)


def _table(header, rows):
    """Return a Markdown table."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
