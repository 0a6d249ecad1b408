"""A table behind roles: tokens that expire, and a log that shows later changes.

D3 §3 (access control). Tokens: RFC 7519 (JWT), signed with HS256, by PyJWT.
"""

import hashlib
import json
import math
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime

import jwt
import pandas as pd

# What a text that is not a token leads to; the second, if it is nested too deep.
UNREADABLE = (jwt.PyJWTError, RecursionError)
LOG = ["time", "user", "role", "columns", "granted", "reason"]


class AccessDenied(PermissionError):
    """Something asked of a `DataRoom` that it refuses, in one sentence."""


class DataRoom:
    """A table that is read by columns, with a token; every attempt is logged.

    It shows what access control does, and what it does not: what was read is a copy,
    and nobody asks its reader for a token. A real room stands behind a server and asks
    for a password first; in one program, nothing is hidden from who has this object.

    The table is copied, without its index: no role was given that. `roles` can be
    changed later, and then holds for the tokens that are out, too.

    Parameters
    ----------
    table : DataFrame
        Whose columns have different names.
    roles : mapping of str to list
        For each role the columns that it may read.
    clock : callable
        Returns the time now, in seconds since 1970.

    Raises
    ------
    ValueError
        If `table` is not a DataFrame, two of its columns share a name, there are no
        roles, or one has a column that the table lacks.
    """

    def __init__(
        self,
        table: pd.DataFrame,
        roles: Mapping[str, Sequence],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.roles = {role: _as_list(columns) for role, columns in roles.items()}
        _check_room(table, self.roles)
        self._table = table.reset_index(drop=True)
        self._clock = clock
        self._secret = secrets.token_bytes(32)  # RFC 7518, 3.2: at least
        self._rows = []

    def token(self, user: str, role: str, minutes: float = 60) -> str:
        """Return a signed token: for so many minutes, `user` may read as `role`.

        Whoever has it is taken for the user, and can read what is written in it: it
        is signed, not encrypted.

        Raises
        ------
        AccessDenied
            If the room does not know the role.
        ValueError
            If `user` is not a name, or `minutes` not a number above 0.
        """
        if not isinstance(user, str) or not user:
            raise ValueError(f"user must be a name, got {user!r}.")
        if not 0 < minutes < math.inf:
            raise ValueError(f"minutes must be a number above 0, got {minutes}.")
        self._check_role(role)
        claims = {"sub": user, "role": role, "exp": self._clock() + 60 * minutes}
        return jwt.encode(claims, self._secret, algorithm="HS256")

    def read(self, token: str, columns: Sequence) -> pd.DataFrame:
        """Return a copy of some columns, if the token's role may read them all.

        Raises
        ------
        AccessDenied
            If the token is forged, changed or expired, the room does not know its role,
            or the columns do not exist or are not for this role: one sentence that says
            which, which is logged, too.
        """
        columns = _as_list(columns)
        user, role = _claimed(token)
        try:
            claims = self._verified(token)
            user, role = claims["sub"], claims["role"]  # known now, not only claimed
            self._check_time(claims["exp"])
            self._check_role(role)
            self._check_columns(role, columns)
        except AccessDenied as refusal:
            self._note(user, role, columns, str(refusal))
            raise
        self._note(user, role, columns, "")  # first the log, then the data
        # By its own names: a list such as [True, False] would be taken for a mask.
        names = list(self._table)
        return self._table[[names[names.index(name)] for name in columns]].copy()

    @property
    def log(self) -> pd.DataFrame:
        """A copy of all attempts to read: a row each, the oldest first.

        Its columns: `time` (UTC), `user`, `role`, `columns`, `granted`, the `reason`
        of a refusal, and `hash`, the SHA-256 of this row and of the hash before, in
        hex. Users and roles of a token that is not the room's are marked "(claimed)".
        """
        log = pd.DataFrame(self._rows, columns=[*LOG, "hash"])
        return log.astype({"granted": bool})  # an empty log's, too

    @staticmethod
    def first_changed_row(log: pd.DataFrame) -> int | None:
        """Return the first row that does not fit its hash and the row before, or None.

        Rows count from 0, in the order they stand; of a CSV file, read everything as
        text (`dtype=str, keep_default_na=False`). A row that was changed or put in is
        found, and of one taken out the row that followed. Two things are not found:
        rows cut off at the end, and hashes computed again from the change to the end.
        Keep the last hash in another place: then both are.

        Raises
        ------
        ValueError
            If `log` lacks a column of a room's log.
        """
        missing = [name for name in [*LOG, "hash"] if name not in log.columns]
        if missing:
            raise ValueError(
                f"This is not the log of a DataRoom: it has no column "
                f"{_listed(missing)}; take room.log."
            )
        before = ""
        for k, (*row, own) in enumerate(log[[*LOG, "hash"]].itertuples(index=False)):
            if own != chained(before, row):
                return k
            before = own
        return None

    # -- the room's own checks ---------------------------------------------------------

    def _verified(self, token):
        """Return the claims of a token that this room has signed, or AccessDenied."""
        if not isinstance(token, str):
            raise AccessDenied(
                f"A token is text, got {type(token).__name__}: ask the room for one."
            )
        # exp is compared with the room's clock, not with the machine's.
        options = {"require": ["exp", "sub", "role"], "verify_exp": False}
        try:
            return jwt.decode(
                token, self._secret, algorithms=["HS256"], options=options
            )
        except jwt.InvalidAlgorithmError:
            raise AccessDenied(
                f"A token signed with {_algorithm(token)!r} proves nothing here, since "
                f"this room signs with HS256: ask it for a token."
            ) from None
        except jwt.InvalidSignatureError:
            raise AccessDenied(
                "The token's signature is not this room's: it was forged, or changed "
                "after it was signed; ask the room for a token."
            ) from None
        except UNREADABLE as error:
            raise AccessDenied(
                f"This is not a token of this room ({error}): ask the room for one."
            ) from None

    def _check_time(self, expires):
        """Raise AccessDenied at the time when a token expires, or later."""
        if expires <= self._clock():
            raise AccessDenied(
                f"The token expired at {_utc(expires):%Y-%m-%d %H:%M:%S} UTC: ask for "
                f"a new one."
            )

    def _check_role(self, role):
        """Raise AccessDenied unless the room knows the role."""
        if role not in list(self.roles):
            raise AccessDenied(
                f"This room does not know the role {role!r}: it knows "
                f"{_listed(self.roles)}."
            )

    def _check_columns(self, role, columns):
        """Raise AccessDenied unless these columns exist and the role may read all."""
        may = _as_list(self.roles[role])
        if not columns:
            problem = "No columns were asked for"
        elif lost := [name for name in columns if name not in list(self._table)]:
            problem = f"The table has no column {_listed(lost)}"
        elif secret := [name for name in columns if name not in may]:
            problem = f"The role {role} may not read {_listed(secret)}"
        else:
            return
        raise AccessDenied(f"{problem}: the role {role} may read {_listed(may)}.")

    def _note(self, user, role, columns, reason):
        """Append an attempt to the log; a reason means that it was refused."""
        words = ", ".join(map(str, columns))
        row = [_utc(self._clock()), user, role, words, not reason, reason]
        before = self._rows[-1][-1] if self._rows else ""
        self._rows.append((*row, chained(before, row)))


def chained(before: str, row: Sequence) -> str:
    """Return the hash of a row of the log and of the hash before it, in hex."""
    words = json.dumps([before, *map(str, row)])
    return hashlib.sha256(words.encode()).hexdigest()


def _check_room(table, roles):
    """Raise ValueError unless the roles fit the table."""
    if not isinstance(table, pd.DataFrame):
        raise ValueError(
            f"The table must be a DataFrame, got {type(table).__name__}: "
            f"pd.DataFrame(...) makes one."
        )
    twice = table.columns[table.columns.duplicated()]
    if len(twice):
        raise ValueError(
            f"The table has two columns {twice[0]!r}: rename one, since a role reads "
            f"columns by their names."
        )
    if not roles:
        raise ValueError("The room has no roles, so nobody could read: give it one.")
    for role, columns in roles.items():
        lost = [name for name in columns if name not in list(table)]
        if lost:
            raise ValueError(
                f"The role {role} may read {_listed(lost)}, which the table does not "
                f"have: it has {_listed(table)}."
            )


def _claimed(token):
    """Return the user and role that a token claims, marked so: nothing is verified."""
    try:
        claims = jwt.decode(token, options={"verify_signature": False})
    except UNREADABLE:
        claims = {}
    return [
        f"{str(claims[name])[:40]} (claimed)" if name in claims else "unknown"
        for name in ("sub", "role")
    ]


def _algorithm(token):
    """Return the algorithm that a token says it is signed with."""
    return str(jwt.get_unverified_header(token).get("alg"))[:20]


def _as_list(columns):
    """Return names as a list; one name may come alone."""
    return [columns] if isinstance(columns, str) else list(columns)


def _listed(names):
    """Return names as words, such as `Age, Status`."""
    return ", ".join(map(str, names))


def _utc(seconds):
    """Return the date and time of so many seconds since 1970, to the second."""
    return datetime.fromtimestamp(int(seconds), UTC)
