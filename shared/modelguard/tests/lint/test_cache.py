"""A warm run says what a cold one says, and a cache that is damaged says nothing."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest

from modelguard.lint import cache, project
from modelguard.lint.linting import lint
from modelguard.lint.reading import facts_of

if TYPE_CHECKING:
    from shared.modelguard.tests.lint.conftest import Sources

    from modelguard.lint.facts import Facts

FILES = """
# shop/__init__.py
# shop/models.py
from mongoengine import *
from modelguard import Document
class User(Document):
    boss = ListField(ReferenceField("Usre"))
    meta = {"collection": "users"}
# shop/tasks.py
import importlib
def f(name):
    from shop.models import User  # modelguard: allow MG02 because it is tried
    importlib.import_module("shop." + name)
    with open(name):
        class Job(Document): pass
"""


@pytest.fixture
def parses(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """What was parsed so far."""
    seen: list[bytes] = []

    def counted(data: bytes) -> Facts:
        seen.append(data)
        return facts_of(data)

    monkeypatch.setattr(project, "facts_of", counted)
    return seen


def test_a_warm_run_parses_nothing_and_finds_the_same(sources: Sources, parses: list[bytes]) -> None:
    sources.write_all(FILES)
    cold = lint([sources.root])
    assert len(parses) == 3
    warm = lint([sources.root])

    assert len(parses) == 3
    assert warm == cold
    assert cold.findings == sources.found()
    assert len(cold.findings) == 2


def test_only_what_changed_is_parsed_again(sources: Sources, parses: list[bytes]) -> None:
    sources.write_all(FILES)
    lint([sources.root])
    sources.write("shop/models.py", "from modelguard import Document\nclass User(Document): pass\n")
    before = len(parses)

    assert [each.code for each in lint([sources.root]).findings] == ["MG04"]
    assert len(parses) == before + 1


@pytest.mark.parametrize(
    "damage", [b"", b"{", b"[]", b"\xff\xff", b'{"release": "?", "facts": {}}', b"[" * 100_000], ids=range(6)
)
def test_a_damaged_cache_is_as_none(sources: Sources, damage: bytes) -> None:
    sources.write_all(FILES)
    cold = lint([sources.root])
    (sources.root / ".modelguard_cache" / "facts.json").write_bytes(damage)

    assert lint([sources.root]) == cold


@pytest.mark.parametrize("shape", [[1, 2], [], 3, None, {}, [[[1]]] * 10, "0123456789"])
def test_facts_of_the_wrong_shape_are_read_anew(sources: Sources, shape: object) -> None:
    sources.write_all(FILES)
    cold = lint([sources.root])
    file = sources.root / ".modelguard_cache" / "facts.json"
    header, _, text = file.read_text(encoding="utf-8").partition("\n")
    stored = json.dumps(dict.fromkeys(json.loads(text), shape))
    release = header.partition(" ")[0]
    file.write_text(f"{release} {cache._digest(stored.encode())}\n{stored}", encoding="utf-8")

    assert lint([sources.root]) == cold


def test_another_edition_of_the_linter_reads_anew(
    sources: Sources, parses: list[bytes], tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    sources.write_all(FILES)
    edition = tmp_path_factory.mktemp("edition")
    module = edition / "extraction.py"
    module.write_text("one\n", encoding="utf-8")
    monkeypatch.setattr(cache, "__file__", str(edition / "cache.py"))
    for text, parsed in (("one\n", 3), ("one\n", 3), ("two\n", 6)):
        written = module.stat()
        module.write_text(text, encoding="utf-8")
        os.utime(module, ns=(written.st_atime_ns, written.st_mtime_ns))
        lint([sources.root])
        assert len(parses) == parsed


def test_a_pipe_in_its_place_is_not_waited_for(sources: Sources) -> None:
    sources.write_all(FILES)
    (sources.root / ".modelguard_cache").mkdir()
    os.mkfifo(sources.root / ".modelguard_cache" / "facts.json")

    assert len(lint([sources.root]).findings) == 2


def test_a_cache_that_cannot_be_written_costs_nothing_else(sources: Sources) -> None:
    sources.write_all(FILES)
    sources.write(".modelguard_cache", "a file")

    assert len(lint([sources.root]).findings) == 2


def test_without_settings_nothing_is_written(sources: Sources) -> None:
    (sources.root / "pyproject.toml").unlink()
    sources.write_all(FILES)
    lint([sources.root])

    assert sorted(path.name for path in sources.root.iterdir()) == ["shop"]


def test_the_cache_keeps_itself_out_of_the_repository(sources: Sources) -> None:
    sources.write_all(FILES)
    lint([sources.root])

    assert (sources.root / ".modelguard_cache" / ".gitignore").read_text(encoding="utf-8") == "*\n"


def test_a_cache_that_cannot_be_replaced_leaves_nothing_behind(sources: Sources) -> None:
    sources.write_all(FILES)
    (sources.root / ".modelguard_cache" / "facts.json").mkdir(parents=True)

    assert len(lint([sources.root]).findings) == 2
    assert sorted(each.name for each in (sources.root / ".modelguard_cache").iterdir()) == [".gitignore", "facts.json"]
