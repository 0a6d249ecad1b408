"""Exercises of chapter 12: what a table, a text, a model and a gradient give away."""

import itertools
import math
import statistics

import numpy as np
import pandas as pd
import torch

from bigmodel_lab.exercises import draws
from bigmodel_lab.exercises.judging.judge import exercise

_PEOPLE = {
    "age": (20, 30, 40, 50, 60),
    "home": ("rents", "owns", "with parents"),
    "job": ("baker", "nurse", "teacher", "driver"),
    "town": ("Anji", "Deqing", "Haining"),
}
_ILLNESSES = ("none", "flu", "asthma", "diabetes", "gout", "migraine")
_NAMES = [
    f"{family} {given}"
    for family in ("Chen", "He", "Li", "Sun", "Wang", "Wu", "Xu", "Yu", "Zhao", "Zhou")
    for given in ("An", "Bo", "Fang", "Hua", "Jun", "Lei", "Min", "Ning", "Ping", "Tao")
]

# -- 1 ---------------------------------------------------------------------------------


def _kinds_of_people(rng, columns, count):
    """Return different combinations of what the columns may say: a list of dicts."""
    all_kinds = list(itertools.product(*(_PEOPLE[column] for column in columns)))
    chosen = rng.choice(len(all_kinds), count, replace=False)
    return [dict(zip(columns, all_kinds[k], strict=True)) for k in chosen]


def _named_table(rng, rows):
    """Return dicts as a table in random order, with a column of different names."""
    table = pd.DataFrame([rows[k] for k in rng.permutation(len(rows))])
    table.insert(0, "name", rng.permutation(_NAMES)[: len(table)])
    return table


def _table_and_columns(rng):
    """Return a table with a smallest group of 1 to 5 people, and three of its columns.

    Each column by itself hides its people better. Those of a group have one of two
    illnesses. The first column alone makes the largest groups of the three.
    """
    k = draws.in_turn(rng, 1, 4, 2, 5, 3)
    *columns, other = rng.permutation(list(_PEOPLE)).tolist()
    sizes = [k, *(k + rng.integers(1, 7, rng.integers(5, 8))).tolist()]
    kinds = [{}]
    while not all(any(k[c] == kinds[0].get(c) for k in kinds[1:]) for c in columns):
        kinds = _kinds_of_people(rng, columns, len(sizes))
    rows = []
    for kind, size in zip(kinds, sizes, strict=True):
        kind[other] = rng.choice(_PEOPLE[other])
        ill = rng.permutation(_ILLNESSES)[:2].tolist()
        rows += [kind | {"illness": ill[2 * i < size]} for i in range(size)]
    table = _named_table(rng, rows)
    columns.sort(key=lambda column: -table[column].value_counts().min())
    return table, columns


@exercise(
    inputs=_table_and_columns,
    hints=[
        "Who agrees in all of these columns is in one group. How many people are in "
        "each?",
        "`table.groupby(columns).size()` is one number for each group that there is. "
        "Which of them is asked for?",
        "`table.groupby(columns).size().min()`",
    ],
)
def smallest_group(table, columns):
    """Return k: how many people the smallest group of a table has.

    table is a pandas table: a row for each person, with a column "name" and others.
    columns is a list: the names of the columns that somebody else may know, too. The
    people who agree in all of these are a group. A table is k-anonymous if each group
    that there is has k people or more: returned is the largest such k, a whole number.

    Source: Sweeney (2002), "k-anonymity: a model for protecting privacy"
    """
    people_in_each_group = table.groupby(columns).size()
    return people_in_each_group.min()


@smallest_group.mistakes
def _(table, columns):
    """
    all_columns: You grouped by all columns, by the name, too. Then each person is a
        group. The names are not given away: group by `columns`.
    all_but_the_name: You grouped by all columns except the name. The neighbor knows
        only those in `columns`; the illness is what is to stay secret.
    first_column: You grouped by the first column only. Who knows several columns sees
        smaller groups: those who agree in all of them.
    each_column: You looked at each column by itself. Who knows several columns sees
        smaller groups: those who agree in all of them.
    how_many_groups: That is how many groups there are. Asked for is how many people the
        smallest one has.
    mean: That is the mean size of a group. The promise must hold for each person, so
        the smallest group decides.
    median: That is the median size of the groups. The promise must hold for each
        person, so the smallest group decides.
    largest: That is the largest group. The promise must hold for each person, so the
        smallest group decides.
    share: That is the smallest group's share of the table. Asked for is a number of
        people.
    one_in_k: That is 1 / k: the chance to guess the right row of the smallest group.
        Asked for is k.
    how_many_unique: That is how many people are alone in their group. Asked for is how
        many the smallest group has.
    the_others: You counted the others, without the person itself. k has it, too.
    empty_groups: You counted combinations that nobody has. A group has at least one
        person.
    """
    groups = table.groupby(columns).size()
    k = groups.min()
    by_column = [table[column].value_counts().min() for column in columns]
    all_but_name = [column for column in table if column != "name"]
    return {
        "all_columns": table.groupby(list(table)).size().min(),
        "all_but_the_name": table.groupby(all_but_name).size().min(),
        "first_column": by_column[0],
        "each_column": min(by_column),
        "how_many_groups": len(groups),
        "mean": groups.mean(),
        "median": groups.median(),
        "largest": groups.max(),
        "share": k / len(table),
        "one_in_k": 1 / k,
        "how_many_unique": (groups == 1).sum(),
        "the_others": k - 1,
        "empty_groups": 0,
    }


# -- 2 ---------------------------------------------------------------------------------


def _table_with_secrets(rng):
    """Return a table, three of its columns and "illness".

    One group has 1 to 3 different illnesses, the others one or two more: the smallest
    group as few where most have two more, and the other way around. Where one has 3,
    one illness occurs in a single group.
    """
    fewest, more = draws.in_turn(rng, (2, 2), (1, 3), (3, 2), (2, 3), (1, 2), (3, 3))
    *columns, other = rng.permutation(list(_PEOPLE)).tolist()
    count = int(rng.integers(8, 10))
    different = fewest + np.array([0, more - 1, *[4 - more] * (count - 3), 2])
    sizes = fewest + np.array([5, 4, *rng.integers(5, 7, count - 3), 8])
    illnesses = rng.permutation(_ILLNESSES)[: fewest + 3].tolist()
    usual = itertools.cycle(illnesses[:5])  # each of them is in several groups
    rows = []
    for kind, size, ways in zip(
        _kinds_of_people(rng, columns, count), sizes, different, strict=True
    ):
        ill = [next(usual) for _ in range(ways)]
        if fewest == 3 and size == sizes[-1]:
            ill[0] = illnesses[-1]
        for one in [*ill, *rng.choice(ill, size - ways)]:
            rows.append(kind | {other: rng.choice(_PEOPLE[other]), "illness": str(one)})
    return _named_table(rng, rows), columns, "illness"


@exercise(
    inputs=_table_with_secrets,
    hints=[
        "Who knows your group learns that your secret is one of those in it. How many "
        "different ones are there in each group?",
        "`table.groupby(columns)[secret]` has the secrets of each group. `nunique()` "
        "counts the different ones.",
        "`table.groupby(columns)[secret].nunique().min()`",
    ],
)
def fewest_secrets(table, columns, secret):
    """Return l: how many different secrets there are in a group of a table, at least.

    table is a pandas table with a row for each person. columns is a list: the names of
    the columns that somebody else may know, too; the people who agree in all of these
    are a group. secret is the name of another column. Returned is a whole number: how
    many different values of `secret` there are in the group that has the fewest.

    Source: Machanavajjhala and others (2007), "l-diversity: privacy beyond k-anonymity"
    """
    secrets_in_each_group = table.groupby(columns)[secret].nunique()
    return secrets_in_each_group.min()


@fewest_secrets.mistakes
def _(table, columns, secret):
    """
    how_many_people: That is k, how many people the smallest group has. They may all
        have the same secret: count the different ones.
    in_the_smallest_group: You looked at the smallest group. A larger one may have fewer
        different secrets.
    people_in_that_group: That is how many people the group has that has the fewest
        different secrets. Asked for is how many secrets.
    in_the_whole_table: You counted the secrets in the whole table. Who knows your
        columns looks at your group only.
    most: That is the most that a group has. The promise must hold for each person, so
        the group with the fewest decides.
    mean: That is the mean over the groups. The promise must hold for each person, so
        the group with the fewest decides.
    median: That is the median over the groups. The promise must hold for each person,
        so the group with the fewest decides.
    how_many_groups: That is how many groups there are. Asked for is how many different
        secrets one has.
    grouped_by_the_secret_too: You grouped by the secret as well. Then there is only one
        secret in each group.
    other_way_around: You counted how many groups a secret occurs in. Asked for is how
        many secrets occur in a group.
    groups_with_one: That is how many groups have a single secret. Asked for is how many
        secrets the group with the fewest has.
    uneven_secrets: You took into account how often each secret occurs, by the entropy.
        That is another kind of l-diversity; here each different value counts 1.
    sure_of: That is the largest share that one secret has in a group: how sure an
        attacker can be. Asked for is how many different ones there are.
    """
    groups = table.groupby(columns)
    secrets = groups[secret].nunique()
    kinds = table[[*columns, secret]].drop_duplicates()
    shares = groups[secret].value_counts(normalize=True)
    entropy = -(shares * np.log(shares)).groupby(level=columns).sum()
    return {
        "how_many_people": groups.size().min(),
        "in_the_smallest_group": secrets[groups.size().idxmin()],
        "people_in_that_group": groups.size()[secrets.idxmin()],
        "in_the_whole_table": table[secret].nunique(),
        "most": secrets.max(),
        "mean": secrets.mean(),
        "median": secrets.median(),
        "how_many_groups": len(secrets),
        "grouped_by_the_secret_too": 1,
        "other_way_around": kinds[secret].value_counts().min(),
        "groups_with_one": (secrets == 1).sum(),
        "uneven_secrets": np.exp(entropy).min(),
        "sure_of": shares.max(),
    }


# -- 3 ---------------------------------------------------------------------------------

# How many people of a kind are in the register, and how many rows in the table.
_MATCHES = (*[(1, 1)] * 4, (3, 1), (1, 2), (2, 2), *[(1, 0)] * 3, *[(0, 1)] * 3, (0, 2))


def _register_and_table(rng):
    """Return a register, a table and three of their columns, the age first.

    Both also have the year in which a row was written, which describes nobody.
    """
    columns = ["age", *rng.permutation(["home", "job", "town"])[:2].tolist()]
    more = rng.choice([(1, 1), (2, 2), (0, 2)], rng.integers(1, 5)).tolist()
    matches = [*_MATCHES, *more]
    kinds = _kinds_of_people(rng, columns, len(matches))
    register, table = [], []
    for kind, (people, rows) in zip(kinds, matches, strict=True):
        kind["age"] += int(rng.integers(5))
        for _ in range(people):
            register.append(kind | {"year": int(rng.integers(2021, 2023))})
        for _ in range(rows):
            year, ill = int(rng.integers(2022, 2024)), str(rng.choice(_ILLNESSES))
            table.append(kind | {"year": year, "illness": ill})
    table = _named_table(rng, table).drop(columns="name")
    return _named_table(rng, register), table, columns


@exercise(
    inputs=_register_and_table,
    hints=[
        "How many rows of the table agree with a person? None, one, or several: for "
        "how many people is it one?",
        "`table.value_counts(columns)` says how many rows there are of each kind. "
        "`register.join(..., on=columns)` puts this beside each person.",
        '`rows = table.value_counts(columns).rename("rows")`, then '
        '`(register.join(rows, on=columns)["rows"] == 1).mean()`',
    ],
)
def matched_share(register, table, columns):
    """Return the share of a register's people whom exactly one row of a table matches.

    register and table are pandas tables: the register has a row for each person, with a
    column "name"; the table has no names. columns is a list: names of columns that both
    have, which describe a person. They may have other columns of the same name, which
    do not. A row matches a person if both agree in all of `columns`. Whether others in
    the register match the same row does not matter. Returned is a number from 0 to 1.
    """
    rows_of_each_kind = table.value_counts(columns).rename("rows")
    rows = register.join(rows_of_each_kind, on=columns)["rows"]
    return (rows == 1).mean()


@matched_share.mistakes
def _(register, table, columns):
    """
    how_many: That is how many people. Asked for is their share of the register.
    at_least_one: You counted people whom several rows match, too. Of them it is not
        known which row is theirs.
    no_row: That is the share of those whom no row matches.
    merged_rows: You counted the rows of a merge. A person whom several rows match is in
        it several times, and should not count at all.
    share_of_the_table: You divided by the rows of the table. Asked for is a share of
        the people in the register.
    of_those_matched: You divided by the people whom at least one row matches. Asked for
        is a share of all in the register.
    unique_in_the_table: That is how many rows of the table are the only ones of their
        kind. Not each of them belongs to somebody in the register.
    unique_in_the_register: That is how many people are the only ones of their kind in
        the register. It says nothing about the table.
    unique_in_both: You left out people who share their row with others in the register.
        That does not matter here: count whom exactly one row matches.
    exchanged: Register and table are exchanged: that is the share of the rows which
        match exactly one person.
    first_column: You compared the first column only. A row must agree in all of them.
    each_column_by_itself: You looked for each value by itself. All of them must be in
        the same row.
    all_common_columns: You compared all columns that both have. The year is not among
        `columns`: say on what to merge.
    """

    def rows(people, others, on=columns):
        counts = others.value_counts(on).rename("rows")
        return people.join(counts, on=on)["rows"].fillna(0)

    found, alike = rows(register, table), rows(register, register)
    one = found == 1
    anywhere = [register[column].isin(table[column]) for column in columns]
    return {
        "how_many": one.sum(),
        "at_least_one": (found > 0).mean(),
        "no_row": (found == 0).mean(),
        "merged_rows": found.sum() / len(register),
        "share_of_the_table": one.sum() / len(table),
        "of_those_matched": one.sum() / (found > 0).sum(),
        "unique_in_the_table": (rows(table, table) == 1).mean(),
        "unique_in_the_register": (alike == 1).mean(),
        "unique_in_both": (one & (alike == 1)).mean(),
        "exchanged": (rows(table, register) == 1).mean(),
        "first_column": (rows(register, table, columns[:1]) == 1).mean(),
        "each_column_by_itself": np.all(anywhere, 0).mean(),
        "all_common_columns": (rows(register, table, [*columns, "year"]) == 1).mean(),
    }


# -- 4 ---------------------------------------------------------------------------------

_LINES = (
    *("床前明月光", "疑是地上霜", "举头望明月", "低头思故乡", "白日依山尽"),
    *("黄河入海流", "欲穷千里目", "更上一层楼", "春眠不觉晓", "处处闻啼鸟"),
    *("夜来风雨声", "花落知多少", "红豆生南国", "春来发几枝", "此物最相思"),
)


def _xor(*texts):
    """Return the XOR of bytes, byte by byte."""
    return bytes(np.bitwise_xor.reduce([list(text) for text in texts]).tolist())


def _two_ciphertexts(rng):
    """Return two texts encrypted with the same key stream, and the first of them."""
    lines, count = rng.permutation(_LINES), int(rng.integers(2, 4))
    known = "，".join(lines[:count]).encode()
    other = "，".join(lines[count : 2 * count]).encode()
    stream = rng.bytes(len(known))
    return _xor(known, stream), _xor(other, stream), known


@exercise(
    inputs=_two_ciphertexts,
    hints=[
        "What do you get from the first ciphertext, if you know its text? XOR takes "
        "itself back: (a ^ b) ^ b is a.",
        "first ^ known is the key stream. It is also that of the second text.",
        "`bytes(a ^ b ^ c for a, b, c in zip(first, second, known, strict=True))`",
    ],
)
def one_pad_twice(first, second, known):
    """Return the second text, as bytes.

    All are bytes, equally many: first and second are what two texts became, known is
    the first text. Each byte of a text was XORed (`^`) with a byte of a key stream that
    nobody can guess, and the stream was the same for both.
    """
    stream = [byte ^ code for byte, code in zip(first, known, strict=True)]
    return bytes(byte ^ key for byte, key in zip(second, stream, strict=True))


@one_pad_twice.mistakes
def _(first, second, known):
    """
    texts_mixed: You XORed the two ciphertexts. The stream is gone, and the two texts
        are still mixed: XOR the known one, too.
    key_stream: That is the key stream, from the first text. The second ciphertext has
        the same: XOR them.
    other_ciphertext: You XORed the known text with the second ciphertext. It belongs to
        the first one: that gives the key stream.
    known_text: That is the text that you know. The second one is asked for.
    or_for_xor: You took | for ^. An OR cannot be taken back.
    and_for_xor: You took & for ^. An AND cannot be taken back.
    added: You added the bytes, modulo 256. They were XORed: ^.
    subtracted: You subtracted first - known, modulo 256, and took that from second. The
        bytes were XORed: ^.
    one_byte_for_all: You took the first byte of the key stream for all. Each place has
        a byte of its own.
    one_large_number: That is the text as one large number. Make bytes of it:
        `.to_bytes(len(first))`.
    text: That is the right text, as a string. Asked for are its bytes: leave out
        .decode().
    hexadecimal: That is the right text, in hexadecimal digits. Asked for are its bytes.
    """
    right = _xor(first, second, known)
    columns = list(zip(first, second, known, strict=True))
    return {
        "texts_mixed": _xor(first, second),
        "key_stream": _xor(first, known),
        "other_ciphertext": _xor(second, known),
        "known_text": known,
        "or_for_xor": bytes(a | b | c for a, b, c in columns),
        "and_for_xor": bytes(a & b & c for a, b, c in columns),
        "added": bytes((a + b + c) % 256 for a, b, c in columns),
        "subtracted": bytes((b - (a - c)) % 256 for a, b, c in columns),
        "one_byte_for_all": bytes(b ^ first[0] ^ known[0] for b in second),
        "one_large_number": int.from_bytes(right, "big"),
        "text": right.decode(),
        "hexadecimal": right.hex(),
    }


# -- 5 ---------------------------------------------------------------------------------


def _attack_scores(rng):
    """Return scores (M,) of members, (N,) of others, and a share of false alarms.

    It is a whole number of others. No member lies between the last of these and the
    next one: the threshold may be anywhere between them. So it is at 1 %, too.
    """
    false_alarms = draws.in_turn(rng, 0.01, 0.05, 0.02)
    count = 100 * int(rng.integers(3, 9))
    members = rng.normal(0.8, 1.5, count + int(rng.integers(30, 90)))
    others = np.sort(rng.normal(0, 1.2, count))
    places = (count // 100, round(false_alarms * count))
    for above in places:
        others[-above:] += 0.2  # a gap
    for above in places:
        low, high = others[[-above - 1, -above]]
        near = (members > low - 0.01) & (members < high + 0.01)
        members[near] = low - rng.uniform(0.01, 0.02, near.sum())
    logits = members, rng.permutation(others)
    return *(1 / (1 + np.exp(-z)) for z in logits), false_alarms


@exercise(
    inputs=_attack_scores,
    hints=[
        "Start with the others: how high must the threshold be, so that only so few of "
        "them are above it? Then look at the members.",
        "Sort the others' scores. Of N of them, false_alarms * N may be above the "
        "threshold: it is the next score below these.",
        "`threshold = np.quantile(scores_others, 1 - false_alarms)`, then "
        "`np.mean(scores_members > threshold)`",
    ],
)
def caught(scores_members, scores_others, false_alarms=0.01):
    """Return the share of the members that an attack catches, from 0 to 1.

    scores_members is an array (M,), scores_others one (N,): how sure the attack is that
    somebody was in the training data, for those who were and for others. No two scores
    are the same. Whoever has a score above a threshold is taken for a member.
    false_alarms is a number: at most this share of the others may be above the
    threshold, and it is as low as that allows.

    Source: Carlini and others (2022), "Membership inference attacks from first
    principles"
    """
    may_be_above = int(false_alarms * len(scores_others))
    threshold = np.sort(scores_others)[-may_be_above - 1]
    return np.mean(scores_members > threshold)


@caught.mistakes
def _(scores_members, scores_others, false_alarms):
    """
    auc: That is the AUC: how often a member has a higher score than another person. It
        says little about an attack that may hardly ever be wrong.
    best_accuracy: That is the accuracy at the best threshold. There it takes far more
        of the others for members than it may.
    one_half: Your threshold is 0.5. It must come from the scores of the others.
    median: Your threshold is the median of the others. Half of them are above it.
    share_of_the_others: That is the share of the others above the threshold. Asked for
        is that of the members.
    exchanged: Members and others are exchanged: that is the share of the others above
        a threshold that few members exceed.
    from_both: Your threshold comes from members and others together. It is the others
        who must be below it.
    wrong_end: You took the threshold that few of the others are below. Few of them may
        be above it: 1 - false_alarms.
    low_scores: You took those with low scores for members. A high score says that the
        attack is sure.
    one_per_cent: You allowed 1 % of false alarms, whatever false_alarms is.
    no_false_alarm: You allowed no false alarm: your threshold is the highest score of
        the others.
    right_ones: That is the share of members among those who are taken for members.
        Asked for is how many of all members are caught.
    share_for_a_score: Your threshold is 1 - false_alarms itself. That is a share of the
        others; the threshold is the score that it leads to.
    difference_of_means: That is the difference of the mean scores. It says little about
        the few of whom the attack is sure.
    """
    members, others = scores_members, scores_others
    threshold = np.quantile(others, 1 - false_alarms)
    low_end = np.quantile(others, false_alarms)
    both = np.concatenate([members, others])
    hits, alarms = (s[:, None] > np.append(both, 0) for s in (members, others))
    accuracy = (hits.sum(0) + (~alarms).sum(0)) / len(both)
    true, false = (members > threshold).sum(), (others > threshold).sum()

    def above(threshold, scores=members):
        return np.mean(scores > threshold)

    return {
        "auc": (members[:, None] > others).mean(),
        "best_accuracy": accuracy.max(),
        "one_half": above(0.5),
        "median": above(np.median(others)),
        "share_of_the_others": above(threshold, others),
        "exchanged": above(np.quantile(members, 1 - false_alarms), others),
        "from_both": above(np.quantile(both, 1 - false_alarms)),
        "wrong_end": above(low_end),
        "low_scores": np.mean(members < low_end),
        "one_per_cent": above(np.quantile(others, 0.99)),
        "no_false_alarm": above(others.max()),
        "right_ones": true / (true + false),
        "share_for_a_score": above(1 - false_alarms),
        "difference_of_means": members.mean() - others.mean(),
    }


# -- 6 ---------------------------------------------------------------------------------


def _gradients_and_limit(rng):
    """Return gradients (N, P) and a limit, clearly above some of their lengths.

    Every other time they point in about the same direction, and their mean is longer
    than the limit; else it is shorter.
    """
    alike = draws.every_other(rng)
    P = int(rng.integers(3, 6))
    short, long = rng.integers([2, P], [4, P + 3])
    limit = rng.uniform(1.5, 3) if rng.random() < 0.5 else rng.uniform(0.4, 0.7)
    longest = 6 if alike else 2
    lengths = limit * np.concatenate(
        [rng.uniform(0.2, 0.8, short), rng.uniform(longest / 1.6, longest, long)]
    )
    vectors = rng.normal(size=(len(lengths), P))
    vectors += 3 * rng.choice([-1, 1], P) if alike else -vectors.mean(0)
    vectors *= (rng.permutation(lengths) / np.linalg.norm(vectors, axis=1))[:, None]
    return torch.from_numpy(vectors), float(limit)


@exercise(
    inputs=_gradients_and_limit,
    hints=[
        "How long is each gradient? By what must you multiply one that is twice as "
        "long as allowed, and by what one that is half as long?",
        "By limit / length, but never by more than 1. The lengths are "
        "`gradients.norm(dim=1, keepdim=True)`.",
        "`factors = (limit / gradients.norm(dim=1, keepdim=True)).clamp(max=1)`, then "
        "`(factors * gradients).sum(0)`",
    ],
)
def clipped(gradients, limit):
    """Return the sum (P,) of the examples' gradients, each at most `limit` long.

    gradients is a tensor (N, P): the gradient of each example's own loss, none of them
    0. limit is a number. A gradient that is longer (the root of the sum of its squares)
    is shortened to this length and keeps its direction; a shorter one stays as it is.

    Source: Abadi and others (2016), "Deep learning with differential privacy"
    """
    lengths = gradients.norm(dim=1, keepdim=True)
    factors = (limit / lengths).clamp(max=1)
    return (factors * gradients).sum(0)


@clipped.mistakes
def _(gradients, limit):
    """
    sum_shortened: You shortened the sum. Then one example with a long gradient still
        decides where it points: shorten each before you add them.
    mean_shortened: You shortened the mean. Then one example with a long gradient still
        decides where it points: shorten each, and add them.
    whole_batch: You took one length for the whole batch, as .norm() does without dim.
        Each example has its own.
    entry_by_entry: You cut off each entry. That changes the direction, and the length
        may still be above the limit.
    all_to_the_limit: You gave all of them the length `limit`, also the shorter ones.
        They should stay as they are.
    short_ones_lengthened: You lengthened the short ones and left the long ones: the
        factor must be at most 1, not at least 1.
    squared_length: You divided by the square of the length. The root is missing.
    sum_of_sizes: You took the sum of the sizes for the length. It is the root of the
        sum of the squares.
    largest_entry: You took the largest entry for the length. It is the root of the sum
        of the squares.
    long_ones_dropped: You left the long gradients out. They should be shortened, and
        count.
    lengths_of_columns: Your lengths are those of the columns. A row is the gradient of
        one example: dim=1.
    mean: That is the mean. Asked for is the sum.
    not_summed: Those are the shortened gradients. Asked for is their sum.
    not_shortened: You shortened none. One example may then add as much as it likes.
    """
    g, lengths = gradients, gradients.norm(dim=1, keepdim=True)
    total, factors = g.sum(0), (limit / lengths).clamp(max=1)

    def by(lengths, vectors=g):
        return (limit / lengths).clamp(max=1) * vectors

    return {
        "sum_shortened": by(total.norm(), total),
        "mean_shortened": by(g.mean(0).norm(), g.mean(0)),
        "whole_batch": by(g.norm()).sum(0),
        "entry_by_entry": g.clamp(-limit, limit).sum(0),
        "all_to_the_limit": (limit / lengths * g).sum(0),
        "short_ones_lengthened": ((limit / lengths).clamp(min=1) * g).sum(0),
        "squared_length": by(lengths**2).sum(0),
        "sum_of_sizes": by(g.abs().sum(1, keepdim=True)).sum(0),
        "largest_entry": by(g.abs().amax(1, keepdim=True)).sum(0),
        "long_ones_dropped": (g * (lengths <= limit)).sum(0),
        "lengths_of_columns": by(g.norm(dim=0)).sum(0),
        "mean": (factors * g).mean(0),
        "not_summed": factors * g,
        "not_shortened": total,
    }


# -- 7 ---------------------------------------------------------------------------------


def _sum_and_noise(rng):
    """Return a sum (P,) of gradients, limit, noise, batch size and normal numbers."""
    P = int(rng.integers(3, 7))
    limit, noise = rng.permutation([rng.uniform(0.3, 0.7), rng.uniform(1.4, 2.5)])
    batch_size = int(rng.integers(8, 65))
    clipped_sum = 0.4 * limit * batch_size * draws.normal(rng, P)
    return clipped_sum, float(limit), float(noise), batch_size, draws.normal(rng, P)


@exercise(
    inputs=_sum_and_noise,
    hints=[
        "By how much can the sum change if one example comes or goes? The noise must "
        "hide that.",
        "By `limit`. So the noise is noise * limit * normal. It is added to the sum, "
        "and what comes out is divided.",
        "`(clipped_sum + noise * limit * normal) / batch_size`",
    ],
)
def private_gradient(clipped_sum, limit, noise, batch_size, normal):
    """Return the gradient (P,) that the optimizer gets in DP-SGD.

    clipped_sum is a tensor (P,): the sum of a batch's gradients, each at most `limit`
    long. To it comes noise whose standard deviation is `noise` times what one example
    can change in the sum by coming or going; then it is divided by batch_size, the
    expected one. normal is a tensor (P,) of standard normal numbers, to make the noise
    of; the others are numbers.

    Source: Abadi and others (2016), "Deep learning with differential privacy"
    """
    noisy_sum = clipped_sum + noise * limit * normal
    return noisy_sum / batch_size


@private_gradient.mistakes
def _(clipped_sum, limit, noise, batch_size, normal):
    """
    limit_forgotten: The limit is missing in your noise. The longer a gradient may be,
        the more noise it takes to hide it.
    multiplier_forgotten: `noise` is missing: the standard deviation is so many times
        the limit.
    divided_by_the_limit: You divided the noise by the limit. The longer a gradient may
        be, the more noise it takes to hide it: multiply.
    variance: You multiplied by (noise · limit)², the variance. Standard normal numbers
        times the standard deviation have it.
    root: You multiplied by the root of noise · limit. It is the standard deviation
        itself.
    noise_not_divided: You added the noise after dividing. It belongs to the sum, and is
        divided with it.
    noise_for_the_root: Your noise is divided by the root of batch_size. One draw of it
        comes to the whole sum, not one to each example: divide it by batch_size.
    not_divided: You did not divide by batch_size.
    divided_twice: You divided by batch_size twice.
    no_noise: There is no noise in it. Limited gradients alone promise nothing.
    noise_alone: That is the noise alone. It comes to the sum.
    in_proportion: You multiplied the sum by the noise. Where the sum is small, nothing
        would be hidden: add it.
    one_number_for_all: You added the same noise to each number. Who subtracts two of
        them is rid of it: each needs its own.
    twice_the_limit: Your noise is twice as large. That would fit if one example were
        put in the place of another; here it comes or goes.
    """
    s, C, sigma, B, n = clipped_sum, limit, noise, batch_size, normal
    right = (s + sigma * C * n) / B
    return {
        "limit_forgotten": (s + sigma * n) / B,
        "multiplier_forgotten": (s + C * n) / B,
        "divided_by_the_limit": (s + sigma / C * n) / B,
        "variance": (s + (sigma * C) ** 2 * n) / B,
        "root": (s + math.sqrt(sigma * C) * n) / B,
        "noise_not_divided": s / B + sigma * C * n,
        "noise_for_the_root": s / B + sigma * C * n / math.sqrt(B),
        "not_divided": s + sigma * C * n,
        "divided_twice": right / B,
        "no_noise": s / B,
        "noise_alone": sigma * C * n / B,
        "in_proportion": s * (1 + sigma * C * n) / B,
        "one_number_for_all": (s + sigma * C * n[0]) / B,
        "twice_the_limit": (s + 2 * sigma * C * n) / B,
    }


# -- 8 ---------------------------------------------------------------------------------


def _inputs_and_deltas(rng):
    """Return a linear layer's inputs (N, in) and deltas (N, out), sizes that differ."""
    inside, out, N = rng.permutation(np.arange(2, 8))[:3].tolist()
    return 0.8 * draws.normal(rng, N, inside), draws.normal(rng, N, out)


@exercise(
    inputs=_inputs_and_deltas,
    hints=[
        "For one example: what is the gradient of the weight from input j to output i? "
        "What is the sum of the squares of all of them?",
        "It is delta_i · a_j, and the sum of all squares is the product of two sums: "
        "|delta|² · |a|². The gradient of bias i is delta_i, as if there were one more "
        "input, 1.",
        "`deltas.norm(dim=1) * (inputs.square().sum(1) + 1).sqrt()`",
    ],
)
def example_norms(inputs, deltas):
    """Return the length (N,) of each example's gradient in a linear layer.

    inputs is a tensor (N, in): what the layer reads. deltas is a tensor (N, out): the
    gradient of each example's own loss with respect to the layer's outputs. The layer
    computes W a + b for each input a. An example's gradient has one number for each
    weight and each bias; its length is the root of the sum of the squares of all.

    Source: Goodfellow (2015), "Efficient per-example gradient computations"
    """
    squares_of_inputs = inputs.square().sum(1) + 1  # the 1 is the bias's input
    return deltas.norm(dim=1) * squares_of_inputs.sqrt()


@example_norms.mistakes
def _(inputs, deltas):
    """
    bias_forgotten: That is the length for the weights alone. The gradient of the biases
        belongs to it.
    biases_alone: That is the length for the biases alone. The gradients of the weights
        belong to it.
    lengths_added: You added the length for the weights and that for the biases. Lengths
        of parts do not add up: their squares do.
    squared: Those are the squares of the lengths.
    root_forgotten: The root over the inputs is missing: |delta| · √(|a|² + 1).
    one_beside_the_deltas: You gave the deltas one more entry. The bias acts like one
        more *input*, which is 1.
    one_for_each_input: You counted the biases once for each input. The 1 comes to the
        sum, not to each square in it.
    sum_for_product: You added where you should multiply: a weight's gradient is delta_i
        · a_j, a product.
    sums_of_sizes: You took sums of sizes for lengths. A length is the root of the sum
        of the squares.
    mean_of_squares: You took the mean of the squares. A length is the root of their
        sum.
    mean_loss: You divided by N. That would be so for the mean of the losses; here each
        example has a loss of its own.
    whole_batch: That is the length of the gradient of the whole batch. Asked for is one
        length for each example.
    all_in_one: You took one length for all inputs and one for all deltas. Each example
        has its own: dim=1.
    gradients: Those are the gradients of the weights. Asked for are lengths, which can
        be had without them.
    """
    a, d = inputs.square().sum(1), deltas.square().sum(1)
    right = (d * (a + 1)).sqrt()
    (N, inside), out = inputs.shape, deltas.shape[1]
    sums = deltas.T @ inputs, deltas.sum(0)
    return {
        "bias_forgotten": (d * a).sqrt(),
        "biases_alone": d.sqrt(),
        "lengths_added": (d * a).sqrt() + d.sqrt(),
        "squared": right**2,
        "root_forgotten": d.sqrt() * (a + 1),
        "one_beside_the_deltas": ((d + 1) * a).sqrt(),
        "one_for_each_input": (d * (a + inside)).sqrt(),
        "sum_for_product": (d + a + 1).sqrt(),
        "sums_of_sizes": deltas.abs().sum(1) * (inputs.abs().sum(1) + 1),
        "mean_of_squares": right / math.sqrt(out * (inside + 1)),
        "mean_loss": right / N,
        "whole_batch": sum(part.square().sum() for part in sums).sqrt(),
        "all_in_one": deltas.norm() * (inputs.square().sum() + 1).sqrt(),
        "gradients": deltas[:, :, None] * inputs[:, None],
    }


# -- 9 ---------------------------------------------------------------------------------


def _divergences(rng):
    """Return divergences of a step with Gaussian noise, steps, orders and delta.

    The best order is neither the first nor the last; the worst is once the one, once
    the other.
    """
    inner = [2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 24, 32, 48]
    orders = np.sort([1.5, 128, *rng.choice(inner, 7, replace=False)])
    steps = int(rng.integers(20, 400))
    slope = rng.uniform(0.03, 0.08) if draws.every_other(rng) else rng.uniform(0.3, 0.5)
    return slope * orders / steps, steps, orders, 10.0 ** -int(rng.integers(4, 8))


@exercise(
    inputs=_divergences,
    hints=[
        "What is the divergence of all steps, at each order? And which epsilon follows "
        "from it, at each order?",
        "The divergences are `steps * rdp`. The formula makes an array (A,) of "
        "epsilons of them. Each is true: which promises the most?",
        "`(steps * rdp + np.log((orders - 1) / orders) - "
        "(np.log(delta) + np.log(orders)) / (orders - 1)).min()`",
    ],
)
def total_epsilon(rdp, steps, orders, delta):
    """Return epsilon after all steps, a number.

    rdp is an array (A,): the Rényi divergence of one step at each of the orders, an
    array (A,) of numbers above 1. The divergences of steps add up, at each order by
    itself. steps and delta are numbers. If R is the divergence of all steps at order a,
    then for this delta the promise holds with

        epsilon = R + log((a - 1) / a) - (log(delta) + log(a)) / (a - 1)

    with natural logarithms. It holds so for each order: the best promise is returned.

    Source: Balle and others (2020), "Hypothesis testing interpretations and Rényi
    differential privacy"
    """
    a, R = orders, steps * rdp
    epsilons = R + np.log((a - 1) / a) - (np.log(delta) + np.log(a)) / (a - 1)
    return epsilons.min()


@total_epsilon.mistakes
def _(rdp, steps, orders, delta):
    """
    one_step: That is epsilon after one step. The divergences of all steps add up.
    root_of_the_steps: You multiplied by the root of the steps. Divergences add up:
        multiply by the steps. (Epsilon then grows about like the root by itself.)
    steps_times_epsilon: You multiplied the epsilon of one step by the steps. That is
        true, but larger than need be: add the divergences first, then convert once.
    worst_order: That is the largest epsilon. The promise holds with each of them, so
        the smallest one is the best.
    mean_over_the_orders: That is the mean over the orders. The promise holds with each
        of them, so the smallest epsilon is the best.
    first_order: You took the order with the smallest divergence, the first one. There
        the part with delta is large: convert all, and take the smallest epsilon.
    plain_conversion: You converted by R + log(1 / delta) / (a - 1), which is older.
        That is true, but a little larger than what the formula gives.
    sign_of_delta: You added the part with log(delta). It is subtracted: log(delta) is
        negative, and a smaller delta needs a larger epsilon.
    order_for_order_less_one: You divided the part with delta by a. It is divided by
        a - 1.
    base_10: You took logarithms to the base 10. Natural ones are asked for.
    not_the_best: Those are the epsilons of all orders. Asked for is the best one.
    best_order: That is the order with the best epsilon. Asked for is epsilon.
    divergence: That is the smallest divergence of all steps. It is not yet converted:
        delta is not in it.
    """
    a, R = orders, steps * rdp

    def epsilons(R=R, log=np.log, less_one=a - 1, sign=-1):
        return R + log((a - 1) / a) + sign * (log(delta) + log(a)) / less_one

    right = epsilons()
    return {
        "one_step": epsilons(rdp).min(),
        "root_of_the_steps": epsilons(math.sqrt(steps) * rdp).min(),
        "steps_times_epsilon": steps * epsilons(rdp).min(),
        "worst_order": right.max(),
        "mean_over_the_orders": right.mean(),
        "first_order": right[0],
        "plain_conversion": (R + np.log(1 / delta) / (a - 1)).min(),
        "sign_of_delta": epsilons(sign=1).min(),
        "order_for_order_less_one": epsilons(less_one=a).min(),
        "base_10": epsilons(log=np.log10).min(),
        "not_the_best": right,
        "best_order": a[right.argmin()],
        "divergence": R.min(),
    }


# -- 10 --------------------------------------------------------------------------------


def _count_and_chance(rng):
    """Return a count, an epsilon below 1, and a number between -1/2 and 1/2, not 0."""
    sign = draws.in_turn(rng, -1, 1)
    uniform = sign * rng.uniform(0.06, 0.47)
    return int(rng.integers(12, 90)), int(rng.integers(2, 9)) / 10, float(uniform)


@exercise(
    inputs=_count_and_chance,
    hints=[
        "Let x be the size of the noise. What is the probability that it is smaller "
        "than x? It is 2 |uniform|: solve for x.",
        "1 - exp(-epsilon x) = 2 |uniform|, so x = -ln(1 - 2 |uniform|) / epsilon. The "
        "noise has the sign of uniform.",
        "`count - np.sign(uniform) * np.log(1 - 2 * abs(uniform)) / epsilon`",
    ],
)
def noisy_count(count, epsilon, uniform):
    """Return a count with Laplace noise, a number, not rounded.

    All are numbers: one person more or less changes the count by 1. The noise is larger
    than x in size with the probability exp(-epsilon x). It is made of `uniform`, a
    random number between -1/2 and 1/2: the noise has its sign, and a probability of
    2 |uniform| to be smaller in size than it is.

    Source: Dwork and others (2006), "Calibrating noise to sensitivity in private data
    analysis"
    """
    size = -math.log(1 - 2 * abs(uniform)) / epsilon
    return count + math.copysign(size, uniform)


@noisy_count.mistakes
def _(count, epsilon, uniform):
    """
    multiplied: You multiplied by epsilon. A smaller epsilon promises more, and takes
        more noise: divide.
    epsilon_squared: You divided by the square of epsilon.
    epsilon_forgotten: Epsilon is missing. A smaller one takes more noise: divide by it.
    always_more: Your noise is never negative. It has the sign of `uniform`; otherwise
        all such counts would be too large on average.
    always_less: Your noise is never positive. It has the sign of `uniform`; otherwise
        all such counts would be too small on average.
    mirrored: Your noise has the opposite sign. That would be as private and as exact,
        but here it has the sign of `uniform`.
    bell: That is noise with a normal distribution. It falls off too fast for a promise
        without delta: Laplace's is asked for.
    in_proportion: Your noise is in proportion to the count. One person changes it by 1,
        however large it is: add the noise.
    base_10: You took the logarithm to the base 10. The natural one belongs to exp.
    two_forgotten: The 2 is missing: the size of uniform goes up to 1/2 only.
    uniform_noise: Your noise is `uniform` itself, divided by epsilon. It can never be
        large, so that some counts would be impossible without you.
    from_0_to_1: You took `uniform` for a number from 0 to 1. It is from -1/2 to 1/2: do
        not subtract another 1/2.
    noise_alone: That is the noise. The count is asked for.
    rounded: You rounded. The promise would still hold, but the count is asked for
        unrounded.
    """
    half = abs(uniform)
    size = -math.log(1 - 2 * half) / epsilon
    noise = math.copysign(size, uniform)
    shifted = uniform - 0.5
    rest = np.log(1 - 2 * np.abs(shifted))
    return {
        "multiplied": count + noise * epsilon**2,
        "epsilon_squared": count + noise / epsilon,
        "epsilon_forgotten": count + noise * epsilon,
        "always_more": count + size,
        "always_less": count - size,
        "mirrored": count - noise,
        "bell": count + statistics.NormalDist().inv_cdf(uniform + 0.5) / epsilon,
        "in_proportion": count * (1 + noise),
        "base_10": count + noise / math.log(10),
        "two_forgotten": count - math.copysign(math.log(1 - half) / epsilon, uniform),
        "uniform_noise": count + uniform / epsilon,
        "from_0_to_1": count - np.sign(shifted) * rest / epsilon,
        "noise_alone": noise,
        "rounded": round(count + noise),
    }


# -- 11 --------------------------------------------------------------------------------


def _clients_models(rng):
    """Return weights (K, P) and sizes (K,): the largest client is not the last one."""
    K, P = rng.permutation(np.arange(3, 9))[:2]
    sizes = 20 * rng.choice(np.arange(1, 45), K, replace=False)
    if sizes.argmax() == K - 1:
        sizes = sizes[::-1].copy()
    return rng.normal(size=(K, P)), sizes


@exercise(
    inputs=_clients_models,
    hints=[
        "One client has 300 examples, another one 100. How much should the first model "
        "count, compared with the second?",
        "Three times as much. Multiply each row of the weights by its client's size, "
        "add the rows up, and divide by all examples.",
        "`sizes @ weights / sizes.sum()`",
    ],
)
def average_model(weights, sizes):
    """Return the weights (P,) of the model that a server makes of its clients': FedAvg.

    weights is an array (K, P): a row for each client's model. sizes is an array (K,):
    how many examples each has. An example counts as much as any other, whoever has it.

    Source: McMahan and others (2017), "Communication-efficient learning of deep
    networks from decentralized data"
    """
    shares = sizes / sizes.sum()
    return (shares[:, None] * weights).sum(0)


@average_model.mistakes
def _(weights, sizes):
    """
    equal_clients: You let each client count the same. Then an example of a small client
        counts more than one of a large client.
    not_divided: You did not divide. The shares of the clients must add up to 1: divide
        by the sum of the sizes.
    divided_by_clients: You divided by how many clients there are. The shares must add
        up to 1: divide by the sum of the sizes.
    divided_by_the_largest: You divided by the largest size. The shares must add up to
        1: divide by the sum of the sizes.
    upside_down: You let small clients count more: your shares are in proportion to
        1 / size. It is the other way around.
    roots: Your shares are in proportion to the roots of the sizes. Then an example of a
        small client counts more than one of a large client.
    squares: Your shares are in proportion to the squares of the sizes. Then an example
        of a large client counts more than one of a small client.
    largest_client: That is the largest client's model, as a softmax of the sizes would
        give, too. All of them have learned something.
    last_client: That is the last client's model. In a loop, each of them must be added
        to the others.
    median: That is the median of the models. Each client counts the same in it.
    sum: You added the models up. Their mean, by shares, is asked for.
    mean_of_each_client: You took the mean over the weights of each client. Take it over
        the clients: axis 0.
    not_summed: Those are the models times their shares. Add them up.
    """
    shares = sizes / sizes.sum()

    def by(parts):
        return parts / parts.sum() @ weights

    return {
        "equal_clients": weights.mean(0),
        "not_divided": sizes @ weights,
        "divided_by_clients": sizes @ weights / len(sizes),
        "divided_by_the_largest": sizes @ weights / sizes.max(),
        "upside_down": by(1 / sizes),
        "roots": by(np.sqrt(sizes)),
        "squares": by(sizes.astype(float) ** 2),
        "largest_client": weights[sizes.argmax()],
        "last_client": weights[-1],
        "median": np.median(weights, 0),
        "sum": weights.sum(0),
        "mean_of_each_client": weights.mean(1),
        "not_summed": shares[:, None] * weights,
    }


# -- 12 --------------------------------------------------------------------------------


def _gradients_of_a_picture(rng):
    """Return gradients of a layer (out, in), (out,) for a picture with some zeros.

    Units that did not fire are the first one, the last one, or others between.
    """
    where = draws.in_turn(rng, "first", "last", "between")
    out, inside = int(rng.integers(6, 9)), int(rng.integers(9, 14))
    x = rng.uniform(0.1, 0.8, inside) * (rng.random(inside) < 0.7)
    x[rng.choice(inside, 2, replace=False)] = 0, 0.9
    deltas = rng.choice([-1, 1], out) * rng.uniform(0.2, 1.5, out)
    deltas[rng.choice(np.arange(1, out - 1), 2, replace=False)] = 0
    if where != "between":
        deltas[0 if where == "first" else -1] = 0
    deltas = torch.from_numpy(deltas)
    return deltas[:, None] * torch.from_numpy(x), deltas


@exercise(
    inputs=_gradients_of_a_picture,
    hints=[
        "By the chain rule: what is the gradient of the weight from pixel j to unit i, "
        "and what is that of the bias of unit i?",
        "They are delta_i · x_j and delta_i. In a row of weights, only the factor "
        "delta_i stands before the picture, and the bias's gradient is this factor.",
        "`row = bias_gradient.abs().argmax()`, then "
        "`weight_gradient[row] / bias_gradient[row]`",
    ],
)
def picture_from_gradient(weight_gradient, bias_gradient):
    """Return the picture (in,) that a gradient was computed from.

    weight_gradient is a tensor (out, in), bias_gradient one (out,): the gradients of
    the weights W and the biases b of a network's first layer, for the loss of one
    picture x. The layer computes W x + b. Where a unit did not fire, its gradients are
    exactly 0: some are so, not all.

    Source: Geiping and others (2020), "Inverting gradients: how easy is it to break
    privacy in federated learning?"
    """
    row = bias_gradient.abs().argmax()  # of a unit that has fired
    return weight_gradient[row] / bias_gradient[row]


@picture_from_gradient.mistakes
def _(weight_gradient, bias_gradient):
    """
    mean_with_silent_units: You divided in all rows and took their mean. Where a unit
        did not fire, that is 0 / 0: take a row whose bias has a gradient.
    first_row: You took the first row. Where its unit did not fire, that is 0 / 0: take
        a row whose bias has a gradient.
    last_row: You took the last row. Where its unit did not fire, that is 0 / 0: take a
        row whose bias has a gradient.
    each_row: Those are all rows, divided. One picture is asked for: take a row whose
        bias has a gradient.
    silent_units_counted: You took the mean over all units, with 0 for those that did
        not fire. They say nothing of the picture: leave them out.
    rows_added: You added the pictures of all units. Each of them is the whole picture:
        one is enough.
    gradients_added: You added the rows. Each is the picture times a factor: divide by
        the factors, which the biases' gradients are.
    row_not_divided: That is one row, the picture times a factor. The factor is the
        gradient of this row's bias: divide by it.
    multiplied: You multiplied a row by the gradient of its bias. It has this factor
        already: divide.
    upside_down: You divided the bias's gradient by the row. It is the other way around.
    weighted_sum: You multiplied each row by its bias's gradient and added them up. That
        is the picture times a factor, the sum of the squares of these gradients.
    length_1: You gave the row the length 1. That is the picture up to a factor, which
        the bias's gradient says.
    brightest_1: You divided a row by its largest size. That is the picture up to a
        factor, which the bias's gradient says.
    gradient_itself: That is the gradient of the weights. Each row of it is the picture
        times a factor.
    """
    W, b = weight_gradient, bias_gradient
    each = W / b[:, None]
    row = W[b.abs().argmax()]
    factor = b[b.abs().argmax()]
    return {
        "mean_with_silent_units": each.mean(0),
        "first_row": each[0],
        "last_row": each[-1],
        "each_row": each,
        "silent_units_counted": each.nan_to_num().mean(0),
        "rows_added": each.nan_to_num().sum(0),
        "gradients_added": W.sum(0),
        "row_not_divided": row,
        "multiplied": row * factor,
        "upside_down": factor / row,
        "weighted_sum": b @ W,
        "length_1": row / row.norm(),
        "brightest_1": row / row.abs().max(),
        "gradient_itself": W,
    }


# -- 13 --------------------------------------------------------------------------------


def _signed(total, bits):
    """Return rests of a division by 2^bits as numbers from -2^(bits - 1) on."""
    return (total + 2 ** (bits - 1)) % 2**bits - 2 ** (bits - 1)


def _masked_numbers(rng):
    """Return masked numbers (K, P), and how many bits the modulus has."""
    bits = draws.in_turn(rng, 32, 24)
    K, P = rng.permutation(np.arange(3, 8))[:2]
    steps = np.round(rng.normal(0, 4, (K, P)) * 2**16).astype(np.int64)
    masks = rng.integers(0, 2**bits, (K, P))
    masks[-1] = -masks[:-1].sum(0)
    return (steps + masks) % 2**bits, bits


@exercise(
    inputs=_masked_numbers,
    tolerance=0,  # a step more or less is to be seen
    hints=[
        "The masks are gone from the sum of all rows, except for what was left out "
        "when the rests were taken. How do you get rid of that? And which rest does -1 "
        "have?",
        "The rest of the sum, divided by 2^modulus_bits, is the number of steps; from "
        "half of it on, it stands for a negative one. One step is 2⁻¹⁶.",
        "`total = masked.sum(0) % 2**modulus_bits`, then `np.where(total < "
        "2 ** (modulus_bits - 1), total, total - 2**modulus_bits) / 2**16`",
    ],
)
def unmasked_sum(masked, modulus_bits=32):
    """Return the sum (P,) of the clients' numbers.

    masked is an array (K, P) of whole numbers, a row for each client. Before, each
    client had P numbers, negative ones among them, and wrote each as a whole number of
    steps of 2⁻¹⁶. To these it added its masks, and sent the rest of a division by
    2^modulus_bits, which is from 0 to 2^modulus_bits - 1. All clients' masks add up to
    0. The sum is smaller in size than half of 2^modulus_bits steps.

    Source: Bonawitz and others (2017), "Practical secure aggregation for
    privacy-preserving machine learning"
    """
    modulus = 2**modulus_bits
    total = masked.sum(0) % modulus
    steps = np.where(total < modulus // 2, total, total - modulus)
    return steps / 2**16


@unmasked_sum.mistakes
def _(masked, modulus_bits):
    """
    modulo_forgotten: You did not take the rest of the sum. The masks add up to a
        multiple of the modulus, not to 0: take % 2^modulus_bits.
    sign_forgotten: Your sums are never negative. A rest from half of the modulus on
        stands for a negative number: subtract the modulus there.
    modulus_subtracted: You subtracted the modulus everywhere. Only from half of it on
        does a rest stand for a negative number.
    signed_too_early: You made the numbers of each client signed, and added them up.
        They are noise: take the rest of the sum, and make that signed.
    half_the_modulus: You took the rest of a division by half of the modulus. Negative
        sums are lost then.
    modulus_less_one: You took the rest of a division by 2^modulus_bits - 1, the largest
        rest. The modulus is one more.
    always_32_bits: Your modulus is 2³², whatever modulus_bits is.
    step_forgotten: Those are steps. One is 2⁻¹⁶: divide by 2¹⁶.
    step_multiplied: You multiplied by 2¹⁶. That makes steps of numbers; here it is
        the other way around.
    step_from_the_modulus: Your step has half of the modulus's bits. It is 2⁻¹⁶,
        whatever the modulus is.
    mean: That is the mean. Asked for is the sum.
    first_client: That is the first client's row, with its masks: noise. They go only if
        all rows are added up.
    exclusive_or: You took XOR. The masks were added, and sums take them off.
    sums_of_clients: You added up each client's numbers. Add up the clients: axis 0.
    """
    bits, modulus = modulus_bits, 2**modulus_bits
    total = masked.sum(0)
    steps = _signed(total, bits)
    return {
        "modulo_forgotten": total / 2**16,
        "sign_forgotten": total % modulus / 2**16,
        "modulus_subtracted": (total % modulus - modulus) / 2**16,
        "signed_too_early": _signed(masked, bits).sum(0) / 2**16,
        "half_the_modulus": total % (modulus // 2) / 2**16,
        "modulus_less_one": _signed(total % (modulus - 1), bits) / 2**16,
        "always_32_bits": _signed(total, 32) / 2**16,
        "step_forgotten": steps,
        "step_multiplied": steps * 2**16,
        "step_from_the_modulus": steps / 2 ** (bits // 2),
        "mean": steps / 2**16 / len(masked),
        "first_client": _signed(masked[0], bits) / 2**16,
        "exclusive_or": _signed(np.bitwise_xor.reduce(masked), bits) / 2**16,
        "sums_of_clients": _signed(masked.sum(1), bits) / 2**16,
    }
