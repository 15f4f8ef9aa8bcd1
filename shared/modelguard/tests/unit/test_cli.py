"""The command: exit 0 clean, 1 problems, 2 could not run; one clear line, never a traceback."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import version
from typing import TYPE_CHECKING

import pytest

from modelguard._explanations import EXPLANATIONS
from modelguard.cli import main
from modelguard.lint.catalogue import EXPLANATIONS as RULES

if TYPE_CHECKING:
    from shared.modelguard.tests.conftest import Project

SOUND = """
class Role(Document):
    name = StringField()
class Member(Document):
    role_id = StringField(references="Role")
"""


def test_sound_models_are_clean(guarded: Project, capsys: pytest.CaptureFixture[str]) -> None:
    guarded.write("shop.py", SOUND)

    assert main(["check", "shop"]) == 0
    assert capsys.readouterr().out == "2 models, 0 problems\n"


def test_every_problem_is_printed_with_its_place(guarded: Project, capsys: pytest.CaptureFixture[str]) -> None:
    guarded.write("shop.py", SOUND.replace('"Role"', '"Rolle"') + "    boss = ReferenceField('Boss')\n")

    assert main(["check", "shop"]) == 1
    out = capsys.readouterr().out
    assert (
        f"Member.role_id: refers to the model 'Rolle', which is not registered [missing-model]\n    at {guarded.root}/shop.py:6"
        in out
    )
    assert f"at {guarded.root}/shop.py:7" in out
    assert out.endswith("2 models, 2 problems\n")


def test_an_accepted_code_is_no_problem(guarded: Project, capsys: pytest.CaptureFixture[str]) -> None:
    guarded.write("shop.py", SOUND.replace('"Role"', '"Rolle"'))

    assert main(["check", "shop", "--ignore", "missing-model"]) == 0
    assert main(["check", "shop", "--ignore", "missing"]) == 2
    assert "--ignore missing: no such code" in capsys.readouterr().err


def test_a_refused_definition_is_a_problem_with_both_places(
    guarded: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    guarded.write("shop.py", SOUND)
    guarded.write("market.py", SOUND)

    assert main(["check", "shop", "market"]) == 1
    err = capsys.readouterr().err
    assert err.startswith("modelguard: [model-conflict] two definitions of the model 'Role'")
    assert f"{guarded.root}/shop.py:3" in err
    assert f"{guarded.root}/market.py:3" in err


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "cannot import shop: ModuleNotFoundError: No module named 'shop'"),
        ("def broken(:\n", "cannot import shop: SyntaxError: "),
        ("raise SystemExit(7)\n", "cannot import shop: SystemExit: 7"),
        ("raise ValueError('two\\nlines')\n", "cannot import shop: ValueError: two lines"),
    ],
)
def test_a_module_that_does_not_import_is_one_line_and_2(
    guarded: Project, capsys: pytest.CaptureFixture[str], text: str | None, said: str
) -> None:
    if text is not None:
        guarded.write("shop.py", text)

    assert main(["check", "shop"]) == 2
    err = capsys.readouterr().err
    assert err.startswith(f"modelguard: {said}")
    assert err.count("\n") == 1


def test_the_list_shows_name_kind_collection_and_place(guarded: Project, capsys: pytest.CaptureFixture[str]) -> None:
    guarded.write(
        "shop.py", SOUND + "class Tag(EmbeddedDocument): pass\nclass Base(Document):\n    meta = {'abstract': True}\n"
    )
    guarded.write("old.py", "import mongoengine\nclass Old(mongoengine.Document): pass\n")

    assert main(["list", "shop", "old"]) == 0
    rows = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert rows == [
        ["NAME", "KIND", "COLLECTION", "PLACE"],
        ["Base", "abstract", "document", "-", f"{guarded.root}/shop.py:8"],
        ["Member", "document", "member", f"{guarded.root}/shop.py:5"],
        ["Old", "document", "old", f"{guarded.root}/old.py:3", "(not", "guarded)"],
        ["Role", "document", "role", f"{guarded.root}/shop.py:3"],
        ["Tag", "embedded", "-", f"{guarded.root}/shop.py:7"],
    ]


@pytest.mark.parametrize("code", [*EXPLANATIONS, *RULES])
def test_each_code_is_explained_with_what_to_do(capsys: pytest.CaptureFixture[str], code: str) -> None:
    assert main(["explain", code]) == 0
    out = capsys.readouterr().out
    assert out.startswith(f"{code}\n\n")
    assert "\nDo: " in out


def test_codes_are_listed_and_unknown_ones_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain"]) == 0
    lines = [line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines()]
    assert [code for code, _ in lines] == [*EXPLANATIONS, *RULES]
    assert ["MG02", "An import of a model module inside a function or a class body"] in lines
    assert main(["explain", "nonsense"]) == 2
    assert capsys.readouterr().err == "modelguard: no code 'nonsense'; `modelguard explain` lists them\n"


@pytest.mark.parametrize(
    ("typed", "meant"), [("missing", "missing-model"), ("misssing-model", "missing-model"), ("index", "index-clash")]
)
def test_an_unknown_code_is_answered_with_the_nearest(
    capsys: pytest.CaptureFixture[str], typed: str, meant: str
) -> None:
    assert main(["explain", typed]) == 2
    assert (
        capsys.readouterr().err
        == f"modelguard: no code '{typed}'; did you mean {meant}? `modelguard explain` lists all\n"
    )


@pytest.mark.parametrize("typed", ["mg02", "MG02", "Missing-Model"])
def test_upper_and_lower_case_of_a_code_are_the_same(capsys: pytest.CaptureFixture[str], typed: str) -> None:
    assert main(["explain", typed]) == 0
    assert capsys.readouterr().out.partition("\n")[0] in {"MG02", "missing-model"}


def test_the_version_is_that_of_the_distribution(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["--version"])

    assert caught.value.code == 0
    assert capsys.readouterr().out == f"modelguard {version('modelguard')}\n"


def test_a_failed_import_names_the_line_of_the_project(
    guarded: Project, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(guarded.root)
    guarded.write("reading.py", "import json\ndef read():\n    return json.loads('{')\n")
    guarded.write("shop.py", "import reading\nreading.read()\n")

    assert main(["check", "shop"]) == 2
    assert capsys.readouterr().err.endswith(" (at reading.py:4)\n")


@pytest.mark.parametrize("command", [[], ["check"], ["list"], ["lint"], ["explain"]])
def test_help_has_an_example(capsys: pytest.CaptureFixture[str], command: list[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main([*command, "--help"])

    assert caught.value.code == 0
    assert f"example:\n  modelguard {' '.join(command)}" in capsys.readouterr().out


def test_the_program_imports_from_the_working_directory(guarded: Project) -> None:
    guarded.write("shop.py", SOUND)
    done = subprocess.run(
        [sys.executable, "-m", "modelguard", "check", "shop"],
        cwd=guarded.root,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert (done.returncode, done.stdout, done.stderr) == (0, "2 models, 0 problems\n", "")
