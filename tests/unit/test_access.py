"""A table behind roles: who reads what, how each refusal reads, and what is logged."""

import base64
import io
import json
import re
from datetime import UTC, datetime

import jwt
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bigmodel_lab import AccessDenied, DataRoom
from bigmodel_lab.sharing.access import LOG, chained

TABLE = pd.DataFrame(
    {"Age": [31, 42, 53], "Status": ["good", "bad", "good"], "Income": [9.0, 8.0, 7.0]},
    index=["Ana", "Bo", "Cem"],
)
ROLES = {"analyst": ["Age", "Status"], "auditor": ["Status", "Income"]}
BEGIN = datetime(2030, 1, 1, 12, tzinfo=UTC).timestamp()


class Clock:
    """A clock that stands still until it is set forward."""

    now = BEGIN

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def room(clock):
    return DataRoom(TABLE, ROLES, clock)


def refused(room, token, columns, says):
    """Check that a read is refused in one sentence, which is logged; return its row."""
    before = len(room.log)
    with pytest.raises(AccessDenied, match=says) as error:
        room.read(token, columns)
    sentence = str(error.value)
    assert sentence.endswith(".")
    assert not re.search(r"\. [A-Z]|\n", sentence)
    assert len(room.log) == before + 1
    row = room.log.iloc[-1]
    assert not row.granted
    assert row.reason == sentence
    return row


def part(claims):
    """Return claims as the middle part of a token."""
    return base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")


CLAIMS = {"sub": "Eve", "role": "auditor", "exp": BEGIN + 999}


# -- what is granted -------------------------------------------------------------------


def test_a_role_reads_its_columns_in_the_order_asked_for(room):
    token = room.token("Dee", "analyst")
    both = room.read(token, ["Status", "Age"])
    pd.testing.assert_frame_equal(both, TABLE[["Status", "Age"]].reset_index(drop=True))
    assert list(room.read(token, "Age")) == ["Age"]
    assert list(room.read(room.token("Ed", "auditor"), ("Income",))) == ["Income"]


def test_the_index_is_not_handed_out(room):
    """Here it has the names: no role was given them."""
    read = room.read(room.token("Dee", "analyst"), ["Age"])
    assert read.index.tolist() == [0, 1, 2]
    assert TABLE.index.tolist() == ["Ana", "Bo", "Cem"]


def test_a_copy_that_was_read_can_be_changed_and_passed_on(room):
    """What access control does not do: it ends where the data have been read."""
    read = room.read(room.token("Dee", "analyst"), ["Age", "Status"])
    outsider = read.copy()  # who never had a token
    outsider["Age"] = 0
    read.loc[:, "Status"] = "changed"
    again = room.read(room.token("Dee", "analyst"), ["Age", "Status"])
    assert again["Age"].tolist() == [31, 42, 53]
    assert again["Status"].tolist() == ["good", "bad", "good"]
    assert room.log["user"].tolist() == ["Dee", "Dee"]  # of the outsider no trace


def test_a_table_changed_outside_does_not_change_in_the_room():
    table = TABLE.copy()
    room = DataRoom(table, ROLES)
    table.loc[:, "Age"] = 0
    read = room.read(room.token("Dee", "analyst"), ["Age"])
    assert read["Age"].tolist() == [31, 42, 53]


def test_a_token_says_openly_who_may_do_what_until_when(room):
    token = room.token("Dee", "analyst", minutes=5)
    claims = jwt.decode(token, options={"verify_signature": False})
    assert claims == {"sub": "Dee", "role": "analyst", "exp": BEGIN + 300}
    assert jwt.get_unverified_header(token)["alg"] == "HS256"


# -- what is refused -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("columns", "says"),
    [
        (["Age", "Income"], "analyst may not read Income: .* may read Age, Status"),
        ("Income", "analyst may not read Income: "),
        (["Shoe", "Age", "Hat"], "no column Shoe, Hat: .* may read Age, Status"),
        (["Ana", "index"], "no column Ana, index: "),
        ([], "No columns were asked for: .* may read Age, Status"),
        ([True, False], "no column True, False"),
        ([["Income"]], r"no column \['Income'\]"),
        ([None], "no column None"),
    ],
)
def test_columns_that_a_role_may_not_read_are_named(room, columns, says):
    row = refused(room, room.token("Dee", "analyst"), columns, says)
    assert (row.user, row.role) == ("Dee", "analyst")


def test_a_list_of_booleans_is_never_taken_for_a_mask():
    """True equals 1, so here it names a column that this role may read."""
    room = DataRoom(pd.DataFrame({0: ["secret", "too"], 1: [3, 4]}), {"half": [1]})
    read = room.read(room.token("Dee", "half"), [True, True])
    assert read.to_numpy().tolist() == [[3, 3], [4, 4]]


def test_a_token_expires_by_the_rooms_clock(room, clock):
    token = room.token("Dee", "analyst", minutes=1.5)
    clock.now += 89
    assert len(room.read(token, ["Age"])) == 3
    clock.now += 1
    row = refused(room, token, ["Age"], "expired at 2030-01-01 12:01:30 UTC: ask for a")
    assert (row.user, row.role) == ("Dee", "analyst")
    clock.now += 1e6
    refused(room, token, ["Age"], "expired at 2030-01-01 12:01:30 UTC")


def test_a_clock_that_is_set_back_still_reads_and_a_machines_clock_is_not_asked():
    """The room is in the year 2001, where the machine says that all has expired."""
    room = DataRoom(TABLE, ROLES, clock=lambda: 1e9)
    assert len(room.read(room.token("Dee", "analyst"), ["Age"])) == 3
    assert room.log["time"][0] == pd.Timestamp("2001-09-09 01:46:40", tz="UTC")


def test_a_forged_signature_is_refused_and_its_user_is_a_claim(room):
    for secret in ("an attacker's own secret of a good length", bytes(32)):
        token = jwt.encode(CLAIMS, secret, algorithm="HS256")
        row = refused(room, token, ["Income"], "not this room's: it was forged, or ch")
        assert (row.user, row.role) == ("Eve (claimed)", "auditor (claimed)")


def test_a_token_of_another_room_is_refused(room, clock):
    token = DataRoom(TABLE, ROLES, clock).token("Dee", "analyst")
    refused(room, token, ["Age"], "not this room's")


def test_a_token_without_a_signature_is_refused(room):
    token = jwt.encode(CLAIMS, None, algorithm="none")
    row = refused(room, token, ["Income"], "signed with 'none' proves nothing here")
    assert (row.user, row.role) == ("Eve (claimed)", "auditor (claimed)")


@pytest.mark.parametrize("algorithm", ["HS384", "HS512"])
def test_another_algorithm_is_refused_even_with_the_rooms_secret(room, algorithm):
    secret = room._secret * 2
    room._secret = secret
    token = jwt.encode(CLAIMS, secret, algorithm=algorithm)
    refused(room, token, ["Income"], f"signed with '{algorithm}' proves nothing here")


def test_a_token_with_a_changed_role_is_refused(room):
    head, _, signature = room.token("Dee", "analyst").split(".")
    changed = part({"sub": "Dee", "role": "auditor", "exp": BEGIN + 3600})
    token = ".".join([head, changed, signature])
    row = refused(room, token, ["Income"], "forged, or changed after it was signed")
    assert (row.user, row.role) == ("Dee (claimed)", "auditor (claimed)")
    assert room.read(room.token("Dee", "auditor"), ["Income"]).shape == (3, 1)


@pytest.mark.parametrize("place", [0, 1])
def test_a_changed_bit_of_a_token_is_noticed(room, place):
    parts = room.token("Dee", "analyst").split(".")
    for k, letter in enumerate(parts[place][:-1]):  # the last one has idle bits
        other = "B" if letter == "A" else "A"
        changed = parts[place][:k] + other + parts[place][k + 1 :]
        token = ".".join([*parts[:place], changed, *parts[place + 1 :]])
        row = refused(room, token, ["Age"], "room")
        assert "Dee" not in (row.user, row.role)


@given(st.one_of(st.text(), st.none(), st.integers(), st.binary()))
def test_anything_that_is_not_a_token_is_refused_and_logged(token):
    row = refused(DataRoom(TABLE, ROLES), token, ["Age"], "token")
    assert (row.user, row.role) == ("unknown", "unknown")


def test_a_token_nested_too_deep_is_refused_and_logged(room):
    deep = base64.urlsafe_b64encode(b"[" * 200_000).decode()
    head = room.token("Dee", "analyst").split(".")[0]
    for token in (f"{deep}.{deep}.abcd", f"{head}.{deep}.abcd"):
        assert refused(room, token, ["Age"], "room").user == "unknown"


@pytest.mark.parametrize("lost", ["sub", "role", "exp"])
def test_a_signed_token_without_a_claim_is_refused(room, lost):
    claims = {name: value for name, value in CLAIMS.items() if name != lost}
    token = jwt.encode(claims, room._secret, algorithm="HS256")
    refused(room, token, ["Income"], f'not a token of this room .* "{lost}" claim')


def test_a_claim_of_any_size_and_kind_is_logged_as_a_short_text(room):
    for claim in ("x" * 999, ["a", "list"], 7, None):
        token = ".".join(["e30", part({"sub": claim}), ""])
        row = refused(room, token, ["Age"], "token")
        assert row.user == f"{str(claim)[:40]} (claimed)"
        assert row.role == "unknown"


def test_a_role_that_the_room_does_not_know_is_refused(room):
    for role in ("boss", None, ["analyst"]):
        with pytest.raises(AccessDenied, match=r"does not know .* knows an"):
            room.token("Dee", role)
    assert room.log.empty


def test_a_role_that_was_taken_away_ends_its_tokens(room):
    token = room.token("Dee", "analyst")
    del room.roles["analyst"]
    row = refused(room, token, ["Age"], "know the role 'analyst': it knows auditor")
    assert row.user == "Dee"


def test_a_role_that_was_narrowed_reads_less(room):
    token = room.token("Dee", "analyst")
    room.roles["analyst"] = "Age"
    assert list(room.read(token, "Age")) == ["Age"]
    refused(room, token, ["Status"], "may not read Status: the role .* may read Age.$")
    refused(room, token, ["A"], "no column A")


def test_the_secret_is_32_bytes_of_its_own_and_is_never_told(room, clock):
    assert len(room._secret) == 32
    assert room._secret != DataRoom(TABLE, ROLES, clock)._secret
    token = room.token("Dee", "analyst")
    room.read(token, ["Age"])
    for bad in (token[:-3], token + "abc", "", jwt.encode(CLAIMS, None, "none")):
        refused(room, bad, ["Age"], "room")
    told = token + room.log.to_csv() + repr(room) + str(room)
    for secret in (
        room._secret.hex(),
        base64.b64encode(room._secret).decode()[:20],
        base64.urlsafe_b64encode(room._secret).decode()[:20],
        repr(room._secret)[2:20],
    ):
        assert secret not in told


# -- rooms and tokens that make no sense -----------------------------------------------


@pytest.mark.parametrize(
    ("table", "roles", "says"),
    [
        (TABLE, {}, "no roles, so nobody could read"),
        (TABLE, {"a": ["Age", "Shoe", "Hat"]}, "role a may read Shoe, Hat, which the"),
        (TABLE, {"a": "Shoe"}, "table does not have: it has Age, Status, Income"),
        (TABLE.set_axis(list("xyx"), axis=1), {"a": ["y"]}, "two columns 'x': rename"),
        ([[1, 2]], ROLES, "must be a DataFrame, got list"),
    ],
)
def test_a_room_whose_roles_do_not_fit_its_table_is_refused(table, roles, says):
    with pytest.raises(ValueError, match=says):
        DataRoom(table, roles)


@pytest.mark.parametrize("minutes", [0, -1, float("inf"), float("nan")])
def test_a_token_without_a_time_is_refused(room, minutes):
    with pytest.raises(ValueError, match=f"minutes must .* got {minutes}"):
        room.token("Dee", "analyst", minutes)


@pytest.mark.parametrize("user", ["", None, 7])
def test_a_token_without_a_user_is_refused(room, user):
    with pytest.raises(ValueError, match=f"user must be a name, got {user!r}"):
        room.token(user, "analyst")


# -- the log ---------------------------------------------------------------------------


@pytest.fixture
def log(room, clock):
    """Return the log of five attempts, a minute apart."""
    for user, role, columns in (
        ("Dee", "analyst", ["Age"]),
        ("Dee", "analyst", ["Income"]),
        ("Ed", "auditor", ["Income", "Status"]),
        ("Flo", "analyst", ["Status"]),
        ("Ed", "auditor", ["Age"]),
    ):
        try:
            room.read(room.token(user, role), columns)
        except AccessDenied:
            assert "Income" in columns or role == "auditor"
        clock.now += 60
    return room.log


def test_the_log_has_every_attempt_in_order(log):
    assert list(log) == [*LOG, "hash"]
    minutes = [pd.Timestamp(f"2030-01-01 12:0{k}", tz="UTC") for k in range(5)]
    assert log["time"].tolist() == minutes
    assert log["user"].tolist() == ["Dee", "Dee", "Ed", "Flo", "Ed"]
    assert log["role"].tolist() == [
        "analyst",
        "analyst",
        "auditor",
        "analyst",
        "auditor",
    ]
    assert log["columns"].tolist() == [
        "Age",
        "Income",
        "Income, Status",
        "Status",
        "Age",
    ]
    assert log["granted"].tolist() == [True, False, True, True, False]
    assert log["granted"].dtype == bool
    assert (log["reason"] == "").tolist() == log["granted"].tolist()
    assert log["hash"].is_unique
    assert DataRoom.first_changed_row(log) is None


def test_an_empty_log_can_be_asked_like_a_full_one(room):
    assert list(room.log[room.log["granted"]]) == [*LOG, "hash"]
    assert DataRoom.first_changed_row(room.log) is None


def test_the_log_that_is_handed_out_is_a_copy(log, room):
    log.loc[1, "granted"] = True
    del log["reason"]
    assert len(room.log) == 5
    assert DataRoom.first_changed_row(room.log) is None
    with pytest.raises(AttributeError):
        room.log = log


@pytest.mark.parametrize("row", range(5))
@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("time", pd.Timestamp("2030-01-01 11:59", tz="UTC")),
        ("user", "Gil"),
        ("role", "nobody"),
        ("columns", "Age, Income"),
        ("granted", None),
        ("reason", "a mistake"),
        ("hash", "0" * 64),
    ],
)
def test_a_row_that_was_changed_is_found(log, row, column, value):
    log.loc[row, column] = not log.loc[row, "granted"] if value is None else value
    assert DataRoom.first_changed_row(log) == row


def test_rows_taken_out_put_in_or_exchanged_are_found(log):
    found = DataRoom.first_changed_row
    assert found(log.drop(index=0)) == 0
    assert found(log.drop(index=2)) == 2  # what followed stands there now
    assert found(log.iloc[[0, 1, 1, 2, 3, 4]]) == 2
    assert found(log.iloc[[0, 2, 1, 3, 4]]) == 1


def test_a_word_that_moves_to_the_next_column_changes_the_hash(log):
    log.loc[2, ["user", "role"]] = ["", "Edauditor"]
    assert DataRoom.first_changed_row(log) == 2


def test_who_can_write_all_can_hash_again_unless_the_last_hash_is_kept(log, room):
    kept, before = log["hash"].iloc[-1], ""
    log.loc[1, "granted"] = True
    for k in range(len(log)):
        before = chained(before, log.loc[k, LOG])
        log.loc[k, "hash"] = before
    assert DataRoom.first_changed_row(log) is None
    assert log["hash"].iloc[-1] != kept == room.log["hash"].iloc[-1]


def test_rows_cut_off_are_found_only_by_a_hash_that_was_kept(log, room):
    short = log.iloc[:3]
    assert DataRoom.first_changed_row(short) is None
    assert short["hash"].iloc[-1] != room.log["hash"].iloc[-1]


def test_a_log_from_a_file_can_be_checked(log):
    text = log.to_csv(index=False)
    look = {"dtype": str, "keep_default_na": False}
    assert DataRoom.first_changed_row(pd.read_csv(io.StringIO(text), **look)) is None
    changed = text.replace("Flo", "Fay")
    assert DataRoom.first_changed_row(pd.read_csv(io.StringIO(changed), **look)) == 3


def test_a_table_that_is_not_a_log_is_told():
    with pytest.raises(
        ValueError, match=r"not the log of a DataRoom: it has no column "
    ):
        DataRoom.first_changed_row(TABLE)


def test_the_log_is_exact_to_the_second_whatever_number_the_clock_gives():
    room = DataRoom(TABLE, ROLES, clock=lambda: np.float64(BEGIN + 0.75))
    assert len(room.read(room.token("Dee", "analyst"), ["Age"])) == 3
    assert room.log["time"].tolist() == [pd.Timestamp("2030-01-01 12:00", tz="UTC")]
