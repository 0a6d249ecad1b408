"""The results of `gpt.py` as Markdown tables."""

import pandas as pd
from gpt_card import skills_table
from gpt_parts import BATCHES, BUDGETS, SPEED, WRITERS
from gpt_rivals import PROGRAMS

RHYMING = 0.4  # the share of samples above which it has learned to rhyme


def markdown(head, rows):
    """Return a Markdown table."""
    first, *lines = (f"| {' | '.join(map(str, line))} |" for line in [head, *rows])
    return "\n".join([first, "|---" * len(head) + "|", *lines])


def poet_table(results):
    """Return how the poet learned, at a look in three."""
    looks = results["poet"]["training"]
    rows = [
        [
            f"{look['tokens'] / 1e6:.2f}",
            f"{look['seconds']:,.0f}",
            f"{look['bits']:.2f}",
            *(f"{look[skill]:.0%}" for skill in ("form", "tones", "rhyme")),
        ]
        for look in looks[::-1][::3][::-1]
    ]
    head = ["million tokens", "seconds", "bits", "form", "tones", "rhyme"]
    return markdown(head, rows)


def ladder_table(results):
    """Return for each seed what the last look saw, and when it had learned to rhyme."""
    rows = []
    for seed, looks in sorted(results["ladder"].items()):
        last = looks[-1]
        when = [look for look in looks if look["rhyme"] > RHYMING]
        rows.append(
            [
                seed,
                f"{last['tokens'] / 1e6:.2f}",
                f"{last['seconds']:,.0f}",
                f"{last['bits']:.2f}",
                *(f"{last[skill]:.0%}" for skill in ("form", "tones", "rhyme")),
                f"{when[0]['tokens'] / 1e6:.2f}" if when else "never",
            ]
        )
    head = ["seed", "million tokens", "seconds", "bits", "form", "tones", "rhyme"]
    return markdown([*head, f"rhyme above {RHYMING:.0%} after"], rows)


def speed_table(results):
    """Return tokens per second of training, and the shares of the measured peak."""
    rows = pd.DataFrame(results["speed"]["rows"])
    peaks = rows.groupby("threads")["gflops"].max()  # GFLOP/s by the number of threads
    medians = rows.groupby(["program", "threads"])["tokens_per_second"].median()
    flops = results["speed"]["flops_per_token"]
    head, lines = ["program"], [[name] for name in SPEED]
    for threads, peak in peaks.items():
        s = "s" if threads > 1 else ""
        head += [
            f"{threads} thread{s}, tokens/s",
            f"of {peak:.0f} GFLOP/s",
            "ours, AdamW, is",
        ]
        for line in lines:
            rate = medians[line[0], threads]
            ratio = f"{medians['ours, AdamW only', threads] / rate:.2f} x"
            line += [f"{rate:,.0f}", f"{rate * flops / peak / 1e9:.0%}", ratio]
    return markdown(head, lines)


def race_table(results):
    """Return bits by seconds of training, and the seconds to the bits of counting."""
    race = results["race"]
    level = min(row["bits"] for row in race["counting"])
    rows = pd.DataFrame(race["rows"])
    bits = rows.pivot_table(index="program", columns="budget", values="bits")
    lines = []
    for name in PROGRAMS:
        below = bits.columns[bits.loc[name] < level]
        within = below.min() if len(below) else f"over {bits.columns.max()}"
        lines.append([name, *(f"{bits.loc[name, b]:.2f}" for b in BUDGETS), within])
    for row in race["counting"]:
        name = f"counting {row['order']} characters, {row['seconds']:.1f} s"
        lines.append([name, *[f"{row['bits']:.2f}"] * len(BUDGETS), ""])
    head = ["program", *(f"{b} s" for b in BUDGETS), f"below {level:.2f} within, s"]
    return markdown(head, lines)


def writing_table(results):
    """Return tokens per second of writing, and how many times as fast ours is."""
    rows = pd.DataFrame(results["writing"]["rows"])
    groups = rows.groupby(["program", "cached", "batch"])
    medians = groups["tokens_per_second"].median()
    lines = []
    for name, cached in WRITERS:
        line = [name, "yes" if cached else "no"]
        for batch in BATCHES:
            rate = medians[name, cached, batch]
            ratio = medians["ours", cached, batch] / rate
            line += [f"{rate:,.0f}", f"{ratio:.2f} x"]
        lines.append(line)
    head = ["program", "cache"]
    for batch in BATCHES:
        head += [f"{batch} text{'s' if batch > 1 else ''}, tokens/s", "ours is"]
    return markdown(head, lines)


# The parts of the results, in the order of the README: a title and a table.
TABLES = {
    "poet": ("The stored poet while it learned", poet_table),
    "ladder": ("Shorter trainings of the same GPT", ladder_table),
    "speed": ("Tokens per second of training", speed_table),
    "race": ("Bits after so many seconds of training", race_table),
    "writing": ("Tokens per second of writing a poem", writing_table),
}


def tables(results):
    """Return a paragraph and a table for each part that is stored."""
    texts = []
    for part, (title, table) in TABLES.items():
        if part not in results:
            continue
        where = results.get("origin", {}).get(part) or results[part].get("facts", {})
        place = ", ".join(where[key] for key in ("date", "machine") if key in where)
        texts.append(f"{title}. {place}:" if place else f"{title}:")
        texts.append(table(results))
        if "measured" in results[part]:
            texts.append(skills_table(results[part]["measured"]["skills"]))
    return "\n\n".join(texts)
