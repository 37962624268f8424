"""Transactions on a journal's connection: all or nothing, and nobody else writes in between."""

import sqlite3
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager


def atomic(database: sqlite3.Connection) -> AbstractContextManager[None]:
    """A transaction; where one is open already, a part of it that comes to nothing alone."""
    return _savepoint(database) if database.in_transaction else transaction(database)


@contextmanager
def transaction(database: sqlite3.Connection) -> Iterator[None]:
    """A transaction of its own; the lock is taken at once, so that what is read stays true."""
    database.execute("BEGIN IMMEDIATE")
    with database:
        yield


@contextmanager
def _savepoint(database: sqlite3.Connection) -> Iterator[None]:
    database.execute("SAVEPOINT part")
    try:
        yield
    except BaseException:
        if database.in_transaction:  # else SQLite took all of it back, as where a disk is full
            database.execute("ROLLBACK TO part")
            database.execute("RELEASE part")
        raise
    database.execute("RELEASE part")
