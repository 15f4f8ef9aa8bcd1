"""Each format holds every finding, and survives whatever a finding says."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from modelguard.cli import main
from modelguard.lint.catalogue import CODES
from modelguard.lint.finding import Finding
from modelguard.lint.output import github, plain, sarif

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.modelguard.tests.lint.conftest import Sources

BAD = "from mongoengine import Document\nclass A(Document): pass\n"


@pytest.fixture
def run(
    sources: Sources, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., tuple[int, str, str]]:
    """Run the command in the project."""
    monkeypatch.chdir(sources.root)

    def command(*arguments: str) -> tuple[int, str, str]:
        code = main(["lint", "--no-cache", *arguments])
        out, err = capsys.readouterr()
        return code, out, err

    return command


def test_a_clean_project_is_0_and_findings_are_1(sources: Sources, run: Any) -> None:
    sources.write("shop.py", BAD.replace("mongoengine", "modelguard"))
    assert run() == (0, "", "1 file, 1 model, 0 findings\n")
    sources.write("shop.py", BAD)

    code, out, err = run()
    assert (code, err) == (1, "1 file, 1 model, 1 finding\n")
    assert out == (
        "shop.py:2:1 MG01 A stands on mongoengine.Document, which is not guarded: a second definition would replace "
        "it without a word; write: from modelguard import Document\n"
    )


def test_findings_of_several_rules_are_counted(sources: Sources, run: Any) -> None:
    sources.write("shop.py", BAD + "class B(Document): pass\n@print\nclass C(Document): pass\n")

    assert run()[2] == "1 file, 3 models, 4 findings (3 MG01, 1 MG06)\n"


def test_json_is_one_list_even_if_it_is_empty(sources: Sources, run: Any) -> None:
    assert json.loads(run("--format", "json")[1]) == []
    sources.write("shop/a.py", BAD)

    [found] = json.loads(run("--format", "json")[1])
    assert found.keys() == {"path", "line", "column", "code", "subject", "message", "fix"}
    assert (found["path"], found["line"], found["column"], found["code"]) == ("shop/a.py", 2, 1, "MG01")


def test_sarif_has_what_its_schema_requires(sources: Sources, run: Any) -> None:
    sources.write("a folder/ü.py", BAD)
    log = json.loads(run("--format", "sarif")[1])

    assert log["version"] == "2.1.0"
    assert log["$schema"].endswith("sarif-2.1.0.json")
    [found] = log["runs"]
    driver = found["tool"]["driver"]
    assert driver["name"] == "modelguard"
    assert {rule["id"] for rule in driver["rules"]} == {"MG00", *CODES, "MG99"}
    assert all(rule["shortDescription"]["text"] and rule["fullDescription"]["text"] for rule in driver["rules"])
    for rule in driver["rules"]:
        assert "\nDo: " in rule["help"]["text"]
        assert len(rule["fullDescription"]["text"]) <= 1024  # code scanning cuts it there
        assert "\n\nDo: " in rule["help"]["markdown"]
        assert " __import__" not in rule["help"]["markdown"]  # that would be a bold "import"
    [result] = found["results"]
    assert result["message"]["text"]
    assert driver["rules"][result["ruleIndex"]]["id"] == result["ruleId"] == "MG01"
    place = result["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "a%20folder/%C3%BC.py"
    assert place["region"] == {"startLine": 2, "startColumn": 1}


def test_sarif_of_nothing_still_has_results(run: Any) -> None:
    assert json.loads(run("--format", "sarif")[1])["runs"][0]["results"] == []


def test_sarif_names_files_outside_by_a_whole_address() -> None:
    finding = Finding("/x/a.py", 1, 1, "MG01", "s", "m", "f")

    log = json.loads(sarif.log([finding], ["/x/a b.py"], {"MG01": "t"}))
    assert (
        log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
        == "file:///x/a%20b.py"
    )


def test_annotations_escape_what_ends_a_command() -> None:
    finding = Finding("p", 3, 7, "MG01", "s", "50% of\r\n::error::x, y: z", "do\nit")

    assert github.annotation(finding, "a,b:c%.py") == (
        "::error file=a%2Cb%3Ac%25.py,line=3,col=7,title=modelguard MG01::50%25 of%0D%0A::error::x, y: z; do%0Ait"
    )


def test_a_text_line_stays_one_line() -> None:
    finding = Finding("p", 1, 1, "MG01", "s", "a\nb\x1b[0m\u2028c", "")

    assert plain.line(finding, "a\udcff.py") == "a\\udcff.py:1:1 MG01 a\\nb\\x1b[0m\\u2028c"


def test_a_baseline_accepts_what_was_there_wherever_it_moves(sources: Sources, run: Any) -> None:
    sources.write("shop.py", BAD)
    assert run("--write-baseline", "old.json") == (0, "", "1 finding written to old.json\n")
    sources.write("shop.py", "\n\n" + BAD)
    assert run("--baseline", "old.json") == (0, "", "1 file, 1 model, 0 findings, 1 accepted by old.json\n")
    sources.write("shop.py", BAD + "class B(Document): pass\n")

    code, out, _ = run("--baseline", "old.json")
    assert code == 1
    assert out.startswith("shop.py:3:1 MG01 B ")


def test_a_baseline_counts_and_says_what_is_gone(sources: Sources, run: Any) -> None:
    text = (
        "import importlib\nfrom modelguard import Document\nclass A(Document): pass\nimportlib.import_module(input())\n"
    )
    sources.write("shop.py", text)
    run("--write-baseline", "old.json")
    sources.write("shop.py", text + "importlib.import_module(input())\n")
    assert run("--baseline", "old.json")[0] == 1
    sources.write("shop.py", "")

    assert run("--baseline", "old.json") == (
        0, "", "1 file, 0 models, 0 findings, 0 accepted by old.json (1 of its findings is gone: write it again)\n",
    )  # fmt: skip


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"version": 2, "findings": []}', '{"version": 1, "findings": [3]}', "\udcff"]
)
def test_what_is_no_baseline_is_refused(sources: Sources, run: Any, text: str) -> None:
    (sources.root / "old.json").write_bytes(text.encode(errors="surrogateescape"))

    assert run("--baseline", "old.json") == (
        2, "", "modelguard: old.json is no baseline: write it with --write-baseline old.json\n",
    )  # fmt: skip


@pytest.mark.parametrize("count", ["-1", "0", "1.5", "true", '"2"', "null", "[" * 100_000])
def test_a_count_that_is_none_is_refused(sources: Sources, run: Any, count: str) -> None:
    sources.write("shop.py", BAD)
    run("--write-baseline", "old.json")
    file = sources.root / "old.json"
    file.write_text(file.read_text(encoding="utf-8").replace('"count": 1', f'"count": {count}'), encoding="utf-8")

    assert run("--baseline", "old.json")[0] == 2


def test_a_part_changes_only_its_part_of_a_baseline(sources: Sources, run: Any) -> None:
    for path in ("shop/a.py", "shop/b.py", "tool.py"):
        sources.write(path, BAD)
        sources.settings("ignore = ['MG08']\n")
    run("--write-baseline", "old.json")
    sources.write("shop/b.py", "")

    assert run("--baseline", "old.json", "shop/a.py")[2].endswith("0 findings, 1 accepted by old.json\n")
    assert "(1 of its findings is gone" in run("--baseline", "old.json", "shop")[2]
    assert run("--write-baseline", "old.json", "shop")[2] == "2 findings written to old.json\n"
    assert run("--baseline", "old.json")[2].endswith("0 findings, 2 accepted by old.json\n")


ALLOW = "# modelguard: allow MG01 because it is third-party"
COMMENTS = {
    "behind": (f"from mongoengine import Document\nclass A(Document): pass  {ALLOW}\n", []),
    "above": (f"from mongoengine import Document\n{ALLOW}\nclass A(Document): pass\n", []),
    "above, with another comment": (f"from mongoengine import Document\n{ALLOW}\n# more\n\nclass A(Document): pass\n", []),
    "inside a block": (f"from mongoengine import Document\nclass B:\n    {ALLOW}\n    class A(Document): pass\n", []),
    "several": ("from mongoengine import Document\ndef f():\n    # modelguard: allow MG01, MG05 because of tests\n    class A(Document): pass\n", []),
    "another rule": ("from mongoengine import Document\nclass A(Document): pass  # modelguard: allow MG05 because x\n", ["MG01", "MG99"]),
    "another line": (f"{ALLOW}\nfrom mongoengine import Document\nclass A(Document): pass\n", ["MG99", "MG01"]),
    "no reason": ("from mongoengine import Document\nclass A(Document): pass  # modelguard: allow MG01\n", ["MG01", "MG99"]),
    "an empty reason": ("from mongoengine import Document\nclass A(Document): pass  # modelguard: allow MG01 because\n", ["MG01", "MG99"]),
    "no sense": ("from mongoengine import Document\nclass A(Document): pass  # modelguard: ignore\n", ["MG01", "MG99"]),
    "no rule": ("x = 1  # modelguard: allow MG77 because x\n", ["MG99"]),
    "unused": (f"x = 1  {ALLOW}\n", ["MG99"]),
    "at the end": (f"x = 1\n{ALLOW}\n", ["MG99"]),
    "in a text": (f"x = '''\n{ALLOW}\n'''\n", []),
}  # fmt: skip


@pytest.mark.parametrize("name", COMMENTS)
def test_comments_allow_with_a_reason_and_are_reported_when_they_do_nothing(sources: Sources, name: str) -> None:
    text, expected = COMMENTS[name]
    sources.write("shop.py", text)

    assert sources.codes() == expected


def test_help_has_an_example(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["lint", "--help"])

    assert caught.value.code == 0
    assert "modelguard lint --format sarif > lint.sarif" in capsys.readouterr().out


@pytest.mark.parametrize("code", CODES)
def test_an_explanation_has_hazard_and_both_examples(capsys: pytest.CaptureFixture[str], code: str) -> None:
    assert main(["explain", code]) == 0
    out = capsys.readouterr().out

    assert [part in out for part in (f"{code}\n\n", "\nDo: ", "\nBad:\n    # ", "\nGood:\n    # ")] == [True] * 4


@pytest.mark.parametrize("place", [".", "shop", "shop/models"])
def test_without_settings_a_package_without_init_file_is_one_though_all_files_are_below_it(
    sources: Sources, run: Any, place: str
) -> None:
    (sources.root / "pyproject.toml").unlink()
    sources.write("shop/models/__init__.py", "from shop.models.user import User\n\n__all__ = ['User']\n")
    sources.write("shop/models/user.py", "from modelguard import Document\nclass User(Document): pass\n")

    assert run(place) == (0, "", "2 files, 1 model, 0 findings\n")


def test_without_settings_every_path_starts_at_the_working_directory(sources: Sources, run: Any) -> None:
    (sources.root / "pyproject.toml").unlink()
    sources.write("shop/a.py", "from modelguard import Document\nclass A(Document): pass\n")
    sources.write("shop/b.py", "from modelguard import Document\nclass A(Document): pass\n")

    assert run("shop")[1].startswith("shop/b.py:2:1 MG08 defines the model 'A', which shop/a.py:2 defines too")
