"""The model card of the stored poet, `poet.md`: made from its facts, never by hand."""

import hashlib

from stored import RESULTS

from bigmodel_lab import datasets, models, verse

SKILLS = {
    "form": "four lines of seven, with their marks",
    "tones": "lines whose level and oblique tones alternate",
    "rhyme": "lines 2 and 4 rhyme",
    "repeated": "characters that the poem already has",
    "copied": "lines that stand in a training poem",
}

CARD = """# The poet: a small GPT that writes Chinese quatrains

Written by `benchmarks/gpt.py --train`; to write this card again: `--card`.

## What it is

A language model of single characters: {parameters:,} parameters, {layers} layers,
{dimensions} dimensions, {heads} heads, {positions} positions, {vocabulary_size:,}
characters, texts of up to {length}. It is `bigmodel_lab.models.GPT`: GPT-2 without
biases, its head sharing the embedding's weights. It was trained from random weights, on
nothing but the poems below.

```python
from bigmodel_lab import models

poet, alphabet, facts = models.load("poet")
models.write(poet, alphabet, start="床前", count=4, seed=1)
```

The file `poet.safetensors` has weights in float16, {megabytes:.1f} MB, and the facts
of this card; SHA-256:

`{sha256}`

## Data and license

Quatrains of seven characters a line by poets of the Tang and Song, in simplified
characters (`bigmodel_lab.datasets.tang_poems("7x4")`), from the npm package
chinese-poetry. The poems, of the 7th to the 13th century, are in the public domain, the
package is under the MIT license, and so is this model. Poems that share a line are all
in one part, so no line of a validation or test poem was trained on.

## Training

| | |
|---|---|
| steps | {steps:,} of {batch_size} poems |
| tokens | {tokens:,} |
| optimizer | Muon and AdamW, highest learning rate {learning_rate}, one cycle |
| dropout | {dropout} |
| time | {seconds:,} seconds |
| machine | {machine} |
| date, commit | {date}, {commit} |

## Results

Bits per Chinese character: {validation_bits} on the validation poems, {test_bits} on
the test poems. Shares, most of them by `bigmodel_lab.verse`, in 2,000 poems that it
wrote at temperature 1, in the validation poems, and in these with second halves of
others:

{table}

## Use and limits

Made to be looked into, in chapter 07 of the workbook: to see what a network learns from
text alone, and to train on. Not for passing off its poems as a person's, for
learning Chinese or its history, or for judging poetry.

- What was measured is form and sound. Whether a poem means anything was not.
- Rhyme and tones are judged by today's Mandarin, in which about a fifth of the poets'
  own rhymes are none. It has learned the poets' rhymes: it, too, is misjudged.
- It knows 3,000 common characters, and repeats what the poets wrote of the world,
  prejudices included.
"""


def measure(poems=2000):
    """Return what the stored poet's card says beside the file's facts."""
    path = RESULTS / "poet.safetensors"
    model, alphabet, _ = models.load(path)
    train, validation, _ = datasets.tang_poems("7x4")
    real = list(validation["poem"])
    kinds = {
        "the poet": models.write(model, alphabet, count=poems, seed=1),
        "real poems": real,
        "halves of two real poems": verse.shuffled(real),
    }
    return {
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "bytes": path.stat().st_size,
        "parameters": sum(weight.numel() for weight in model.parameters()),
        "settings": model.settings,
        "skills": {
            name: verse.measure(texts) | {"copied": copied(texts, train["poem"])}
            for name, texts in kinds.items()
        },
    }


def copied(texts, poems):
    """Return the share of the texts' lines that stand in poems, 0 to 1."""
    known = {line for poem in poems for line in verse.lines(poem)}
    each = [line in known for text in texts for line in verse.lines(text)]
    return sum(each) / len(each)


def card(facts, measured):
    """Return the card, from the facts of the poet's file and what `measure` found."""
    numbers = ("steps", "batch_size", "tokens", "seconds")
    return CARD.format(
        **facts | {name: int(facts[name]) for name in numbers},
        **measured["settings"],
        parameters=measured["parameters"],
        megabytes=measured["bytes"] / 1e6,
        sha256=measured["sha256"],
        table=skills_table(measured["skills"]),
    )


def skills_table(measured):
    """Return the shares of every kind of poems as a Markdown table."""
    lines = [f"| | {' | '.join(measured)} |", "|---" * (1 + len(measured)) + "|"]
    for skill, name in SKILLS.items():
        cells = " | ".join(f"{shares[skill]:.1%}" for shares in measured.values())
        lines.append(f"| {name} | {cells} |")
    return "\n".join(lines)


def write_card():
    """Write `poet.md` beside the stored poet; return what was measured for it."""
    measured = measure()
    _, _, facts = models.load(RESULTS / "poet.safetensors")
    (RESULTS / "poet.md").write_text(card(facts, measured), encoding="utf-8")
    return measured
