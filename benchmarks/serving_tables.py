"""The tables of `serving.py`, from its stored results."""

import numpy as np
from stored import with_range


def middle(values, digits=1):
    """Return the median of values as text."""
    return f"{np.median(values):,.{digits}f}"


def heading(part, text):
    """Return the line above a table: what, when, where, in how many rounds."""
    quick = ", quick: to be measured again" if part["quick"] else ""
    rounds = f"{part['rounds']} rounds{quick}"
    return [f"{text}. {part['date']}, {part['machine']}, {rounds}:", ""]


def table_alone(part):
    """Return the lines of the networks' table."""
    lines = heading(part, f"The networks alone, onnxruntime {part['onnxruntime']}")
    lines += ["| network | MB | accuracy | batch | ms | images/s |", "|---" * 6 + "|"]
    for row in part["rows"]:
        seconds, batch = np.array(row["seconds"]), row["batch"]
        lines.append(
            f"| {row['network']} | {row['bytes'] / 1e6:.1f} | {row['accuracy']:.1%} "
            f"| {batch} | {with_range(1e3 * seconds, 2)} "
            f"| {middle(batch / seconds, 0)} |"
        )
    return lines


def table_servers(part):
    """Return the lines of the servers' table."""
    both = f"uvicorn {part['uvicorn']} with {part['http']}"
    lines = heading(part, f"Served by {both}, LitServe {part['LitServe']}")
    lines += ["| network | server | body | batched | clients | answers/s | median, ms "]
    lines[-1] += "| 95 %, ms | 99 %, ms | server CPU, ms |"
    lines += ["|---" * 10 + "|"]
    for row in part["rows"]:
        batched = "yes" if row["batched"] else "no"
        lines.append(
            f"| {row['network']} | {row['server']} | {row['body']} | {batched} "
            f"| {row['clients']} | {with_range(row['per_second'])} "
            f"| {middle(row['median'])} | {middle(row['p95'])} | {middle(row['p99'])} "
            f"| {middle(row['cpu_ms'], 2)} |"
        )
    return lines


def table_poet(part):
    """Return the lines of the poet's table."""
    lines = heading(part, "The poet, one text for each request")
    lines += ["| asked | cache | clients | tokens/s | first event, ms | last, ms |"]
    lines += ["|---" * 6 + "|"]
    for row in part["rows"]:
        first, last = (
            middle(row[name]) if name in row else "" for name in ("first_ms", "last_ms")
        )
        lines.append(
            f"| {row['asked']} | {'yes' if row['cached'] else 'no'} | {row['clients']} "
            f"| {with_range(row['tokens_per_second'])} | {first} | {last} |"
        )
    return lines


TABLES = {"alone": table_alone, "servers": table_servers, "poet": table_poet}


def tables(stored):
    """Return the tables of what has been stored, in Markdown."""
    parts = [table(stored[part]) for part, table in TABLES.items() if part in stored]
    return "\n\n".join("\n".join(lines) for lines in parts)
