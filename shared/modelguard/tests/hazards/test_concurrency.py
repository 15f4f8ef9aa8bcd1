"""One class statement, many threads."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from shared.modelguard.tests.conftest import Project

FACTORY = """
def make():
    class User(Document):
        name = StringField()
        meta = {"indexes": ["name"]}
    return User
"""
THREADS = 8


def classes_of_one_statement(project: Project) -> set[type]:
    make = project.module("users", FACTORY).make
    start = threading.Barrier(THREADS)

    def define(_: int) -> type:
        start.wait()
        made: type = make()
        return made

    with ThreadPoolExecutor(THREADS) as pool:
        return set(pool.map(define, range(THREADS)))


@pytest.mark.hazard(38, "plain")
def test_plain_threads_make_a_class_each(plain: Project) -> None:
    assert len(classes_of_one_statement(plain)) == THREADS


@pytest.mark.hazard(38, "gone")
def test_guarded_threads_make_one_class(guarded: Project) -> None:
    assert len(classes_of_one_statement(guarded)) == 1
