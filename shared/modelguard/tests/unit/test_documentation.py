"""The README's examples run, and what the documents point to exists."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import modelguard
from modelguard._explanations import EXPLANATIONS
from modelguard.cli import main
from modelguard.lint.catalogue import EXPLANATIONS as LINT_CODES
from modelguard.lint.settings import _LISTS, _TEXTS

if TYPE_CHECKING:
    from shared.modelguard.tests.conftest import Project

MEMBER = Path(__file__).parents[2]
README = (MEMBER / "README.md").read_text(encoding="utf-8")
INCIDENTS = (MEMBER / "docs" / "incidents.md").read_text(encoding="utf-8")
ADOPT, PROOF = ((MEMBER / "docs" / name).read_text(encoding="utf-8") for name in ("adopt.md", "proof.md"))
QUICK_START = re.findall(r"```python\n(.*?)```", README, re.DOTALL)


def test_the_quick_start_defines_sound_models(guarded: Project) -> None:
    models = guarded.root / "quick.py"
    models.write_text(QUICK_START[0], encoding="utf-8")
    guarded.load("quick")

    modelguard.check()
    assert sorted(modelguard.models) == ["Role", "User"]


def test_the_command_prints_what_the_quick_start_shows(guarded: Project, capsys: pytest.CaptureFixture[str]) -> None:
    (guarded.root / "quick.py").write_text(
        QUICK_START[0].replace('references="Role"', 'references="Rolle"'), encoding="utf-8"
    )

    assert main(["check", "quick"]) == 1
    shown = re.search(r"\$ modelguard check shop\.models\n(.*?)\n\$", README, re.DOTALL)
    assert shown is not None
    place = re.compile(r"at \S+:\d+")
    assert place.sub("", capsys.readouterr().out.strip()) == place.sub("", shown[1].strip())


def test_the_linter_prints_what_the_readme_shows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "shop" / "models").mkdir(parents=True)
    for path, text in {
        "__init__.py": "",
        "models/__init__.py": "from shop.models.user import User\n\n__all__ = ['User']\n",
        "models/user.py": "from modelguard import Document\n\n\nclass User(Document):\n    pass\n",
        "tasks.py": "def greet(key):\n    from shop.models import User\n\n    return User.objects.get(pk=key)\n",
    }.items():
        (tmp_path / "shop" / path).write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)

    assert main(["lint"]) == 1
    shown = re.search(r"\$ modelguard lint\n(.*?)\n\d+ files", README, re.DOTALL)
    assert shown is not None
    assert capsys.readouterr().out.strip() == shown[1].replace("\n", " ")


def test_every_public_name_is_in_the_readme() -> None:
    missing = [name for name in modelguard.__all__ if name not in README and name != "Stats"]

    assert missing == []


def test_every_rule_of_the_linter_is_in_the_readme() -> None:
    assert [code for code in LINT_CODES if not re.search(rf"^\| .*{code}", README, re.MULTILINE)] == []


def test_every_setting_of_the_linter_is_in_the_readme() -> None:
    example = tomllib.loads(re.findall(r"```toml\n(.*?)```", README, re.DOTALL)[-1])["tool"]["modelguard"]

    assert set(example) == {"per-file-ignores", *_LISTS, *_TEXTS}


def test_codes_in_the_documents_exist() -> None:
    named = set(re.findall(r"\[([a-z]+(?:-[a-z]+)+)\]\n|ignore=\{\"([a-z-]+)\"\}", README))

    assert {one or other for one, other in named} <= set(EXPLANATIONS)
    assert len(named) == 2


def headings(page: Path) -> set[str]:
    """Of a page, as links name them."""
    lines = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", line.lower()).replace(" ", "-") for line in lines}


@pytest.mark.parametrize("text", [README, INCIDENTS, ADOPT, PROOF], ids=["README", "incidents", "adopt", "proof"])
def test_links_and_tests_named_in_the_documents_exist(text: str) -> None:
    folder = MEMBER if text is README else MEMBER / "docs"
    for link in re.findall(r"\]\((?!https?:)([^)]+)\)", text):
        path, _, heading = link.partition("#")
        assert (folder / path).exists(), link
        assert not heading or heading in headings(folder / path), link
    file = None
    for path, name in re.findall(r"`(tests/\S+?\.py|\.\.\.)(?:::(\w+))?`", text):
        file = file if path == "..." else MEMBER / path
        assert file is not None
        assert file.is_file(), path
        assert f"def {name}(" in file.read_text(encoding="utf-8") if name else True, name


def test_a_project_may_adopt_the_guard_one_package_at_a_time(guarded: Project) -> None:
    guarded.module(
        "old",
        "import mongoengine\nclass Old(mongoengine.Document):\n    meta = {'allow_inheritance': True}\n    name = StringField()\n",
    )
    module = guarded.module("new", "from old import Old\nclass New(Old, Document):\n    old = ReferenceField(Old)\n")

    assert guarded.reload(module).New is modelguard.require("Old.New")
    modelguard.check(ignore={"unguarded-model"})
    assert modelguard.models.unguarded == ("Old",)
