"""Whatever stands in a folder: one clear line, and never a traceback."""

from __future__ import annotations

import inspect
import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from modelguard.cli import main
from modelguard.lint import project, reading
from modelguard.lint.reading import LARGEST_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from shared.modelguard.tests.lint.conftest import Sources

    from modelguard.lint.facts import Facts

BROKEN = {
    "syntax": (b"def broken(:\n", "shop.py:1:12 MG00 does not parse: "),
    "later": (b"x = 1\n\ny = = 2\n", "shop.py:3:5 MG00 does not parse: invalid syntax"),
    "indentation": (b"def f():\nx = 1\n", "shop.py:2:1 MG00 does not parse: expected an indented block"),
    "not UTF-8": (b"x = '\xff\xfe'\n", "shop.py:1:9 MG00 does not parse: (unicode error)"),
    "unknown encoding": (b"# coding: klingon\nx = 1\n", "shop.py:1:1 MG00 does not parse: "),
    "null byte": (b"x = 1\0\n", "shop.py:1:1 MG00 does not parse: "),
    "brackets": (b"(" * 500 + b")" * 500, "MG00 does not parse: too many nested parentheses"),
    "minus signs": (b"x = " + b"-" * 50_000 + b"1\n", "shop.py:1:1 MG00 is nested too deeply"),
    "attributes": (b"x = a" + b".b" * 50_000 + b"\n", "shop.py:1:1 MG00 is nested too deeply"),
    "calls": (b"x = exec" + b"()" * 5_000 + b"\n", "shop.py:1:1 MG00 is nested too deeply"),
    "blocks": (b"".join(b" " * n + b"if x:\n" for n in range(99)) + b" " * 99 + b"import y\n" , ""),
    "five megabytes": (b"x = [\n" + b"    1234567,\n" * 385_000 + b"]\n", "MG00 has 5.0 MB, more than the 1 MB that are read"),
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
def test_a_file_that_cannot_be_read_is_one_line(
    sources: Sources, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    data, said = BROKEN[name]
    (sources.root / "shop.py").write_bytes(data)
    sources.write("sound.py", "from mongoengine import Document\nclass A(Document): pass\n")
    monkeypatch.chdir(sources.root)

    assert main(["lint", "--no-cache"]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert "sound.py:2:1 MG01" in lines[-1]
    assert len(lines) == (2 if said else 1)
    assert said in lines[0]


def test_a_file_that_does_not_parse_says_which_python_read_it(sources: Sources) -> None:
    sources.write("shop.py", "def broken(:\n")

    [found] = sources.found()
    assert f"(read by Python {sys.version_info.major}.{sys.version_info.minor}: " in found.message


def test_a_file_of_exactly_the_largest_size_is_read(sources: Sources) -> None:
    (sources.root / "shop.py").write_bytes(b"#" * LARGEST_BYTES)

    assert sources.found() == []


def test_encodings_that_a_file_declares_are_understood(sources: Sources) -> None:
    (sources.root / "shop.py").write_bytes("# coding: latin-1\nx = 'é'\n".encode("latin-1"))
    (sources.root / "bom.py").write_bytes(b"\xef\xbb\xbfx = 1\n")

    assert sources.found() == []


def test_the_column_counts_characters(sources: Sources) -> None:
    sources.write("shop.py", "from modelguard import Document\nclass A(Document): x = 'ßßß'; y = ReferenceField('B')\n")
    sources.write(
        "shop.py",
        "from mongoengine import *\nfrom modelguard import Document\nclass A(Document): x = 'ßßß'; y = ReferenceField('B')\n",
    )

    [found] = sources.found()
    assert found.column == len("class A(Document): x = 'ßßß'; y = ") + 1


def test_the_column_counts_characters_of_any_encoding(sources: Sources) -> None:
    text = "# coding: latin-1\nfrom mongoengine import Document\nx = 'éé'; y = 1\nclass B: x = 'é'; class_ = 2\n"
    line = "x = 'éé'; import importlib; importlib.import_module(input())"
    (sources.root / "old.py").write_bytes(f"{text}{line}\nclass A(Document): pass\n".encode("latin-1"))
    marked = f"{line}\nfrom mongoengine import Document\nclass C(Document): pass\n".encode()
    (sources.root / "new.py").write_bytes(b"\xef\xbb\xbf" + marked)

    found = [each for each in sources.found() if each.code == "MG04"]
    assert [(each.path, each.column) for each in found] == [
        (path, line.index("importlib.import") + 1) for path in ("new.py", "old.py")
    ]


def test_what_vanishes_meanwhile_is_no_error(sources: Sources, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = sources.write("gone/late.py", "from mongoengine import Document\nclass A(Document): pass\n")
    sources.write(
        "kept.py", "from mongoengine import Document\nx = 'ä'; import importlib; importlib.import_module(input())\n"
    )
    real_scan, real_read = os.scandir, reading.content

    def scan(folder: str | Path) -> Iterator[os.DirEntry[str]]:
        if str(folder).endswith("gone") and gone.exists():
            shutil.rmtree(gone.parent)
        return real_scan(folder)

    def read(path: Path) -> bytes | Facts:
        found = real_read(path)
        path.unlink()
        return found

    monkeypatch.setattr(os, "scandir", scan)
    monkeypatch.setattr(project, "content", read)

    assert sources.codes() == []
    sources.write("kept.py", "from mongoengine import Document\nx = 'ä'; class_ = 1\nclass A(Document): pass\n")
    assert sources.codes() == ["MG01"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["lint", "nowhere"], "modelguard: nowhere: no such file or folder\n"),
        (["lint", "nowhere/at/all.py"], "modelguard: nowhere/at/all.py: no such file or folder\n"),
        (["lint", "--baseline", "none.json"], "modelguard: cannot read none.json: No such file or directory\n"),
        (["lint", "--write-baseline", "no/such.json"], "modelguard: cannot write no/such.json: No such file or directory\n"),
        (["lint", "--config", "none.toml"], "modelguard: cannot read none.toml: No such file or directory\n"),
    ],
)  # fmt: skip
def test_what_is_missing_is_one_line_and_2(
    sources: Sources,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    said: str,
) -> None:
    monkeypatch.chdir(sources.root)

    assert main(arguments) == 2
    assert capsys.readouterr() == ("", said)


SETTINGS = {
    "broken": ("[tool.modelguard\n", "cannot read {file}: Expected ']'"),
    "not UTF-8": ("\udcff", "cannot read {file}: 'utf-8' codec can't decode"),
    "nested too deeply": ("a = " + "[" * 5_000 + "]" * 5_000, "cannot read {file}: it is nested too deeply"),
    "a huge number": ("a = " + "1" * 5_000, "cannot read {file}: Exceeds the limit"),
    "a null byte": ('[tool.modelguard]\ncache-dir = "a\\u0000"\n', "{file}: tool.modelguard.cache-dir must be a text"),
    "null bytes": ('[tool.modelguard]\npaths = ["a\\u0000"]\n', "{file}: tool.modelguard.paths must be a list of texts"),
    "no table": ("[tool]\nmodelguard = 3\n", "{file}: tool.modelguard is no table"),
    "unknown key": ("[tool.modelguard]\nexcludes = []\n", "{file}: no setting tool.modelguard.excludes; there are cache-dir, exclude, "),
    "no list": ("[tool.modelguard]\nexclude = 'tests'\n", '{file}: tool.modelguard.exclude must be a list of texts, such as ["one"]'),
    "no texts": ("[tool.modelguard]\nroots = [1]\n", "{file}: tool.modelguard.roots must be a list of texts"),
    "no text": ("[tool.modelguard]\nloader = ['a']\n", "{file}: tool.modelguard.loader must be a text"),
    "no table of lists": ("[tool.modelguard]\nper-file-ignores = ['a']\n", "{file}: tool.modelguard.per-file-ignores must be a table of lists"),
    "unknown rule": ("[tool.modelguard]\nignore = ['MG77']\n", "{file}: no rule 'MG77'; `modelguard explain` lists them"),
    "unknown rule by file": ("[tool.modelguard]\nper-file-ignores = {a = ['X']}\n", "{file}: no rule 'X'"),
    "missing path": ("[tool.modelguard]\npaths = ['gone']\n", "tool.modelguard.paths: {folder}/gone does not exist"),
    "missing loader": ("[tool.modelguard]\nloader = 'shop.loader'\n", "tool.modelguard.loader: no module shop.loader"),
    "missing root": ("[tool.modelguard]\nroots = ['gone']\n", "tool.modelguard.roots: {folder}/gone does not exist"),
}  # fmt: skip


@pytest.mark.parametrize("name", SETTINGS)
def test_settings_that_say_nothing_known_are_refused_by_name(
    sources: Sources, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    text, said = SETTINGS[name]
    file = sources.root / "pyproject.toml"
    file.write_bytes(text.encode(errors="surrogateescape"))
    sources.write("shop/models.py")
    monkeypatch.chdir(sources.root / "shop")

    assert main(["lint"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("modelguard: " + said.format(file=file, folder=sources.root))
    assert err.count("\n") == 1


def test_symlink_loops_end(sources: Sources, capsys: pytest.CaptureFixture[str]) -> None:
    root = sources.root
    (root / "inside").mkdir()
    (root / "inside" / "again").symlink_to(root, target_is_directory=True)
    (root / "a.py").symlink_to(root / "b.py")
    (root / "b.py").symlink_to(root / "a.py")
    (root / "gone.py").symlink_to(root / "nowhere.py")

    found = sources.found()
    assert [(each.path, each.code) for each in found] == [("a.py", "MG00"), ("b.py", "MG00"), ("gone.py", "MG00")]
    assert "symbolic links" in found[0].message
    assert main(["lint", str(root / "a.py")]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_a_folder_called_like_a_file_and_a_fifo_are_no_files(sources: Sources) -> None:
    sources.write("package.py/inside.py", "from mongoengine import Document\nclass A(Document): pass\n")
    os.mkfifo(sources.root / "pipe.py")

    assert [(each.path, each.code) for each in sources.found()] == [
        ("package.py/inside.py", "MG01"),
        ("pipe.py", "MG00"),
    ]


def test_folders_may_lie_deeper_in_each_other_than_calls_may(sources: Sources) -> None:
    sources.write(f"{'d/' * 300}shop.py", "from mongoengine import Document\nclass A(Document): pass\n")
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(len(inspect.stack(0)) + 200)
    try:
        assert sources.codes() == ["MG01"]
    finally:
        sys.setrecursionlimit(limit)


def test_a_folder_is_read_once_even_if_a_symlink_to_it_is_asked_for_too(sources: Sources) -> None:
    sources.write("real/shop.py", "from mongoengine import Document\nclass A(Document): pass\n")
    (sources.root / "link").symlink_to(sources.root / "real", target_is_directory=True)
    sources.settings("paths = ['real']\n")

    for places in (("real", "link"), ("link", "real"), ("real", "real/../link/shop.py")):
        assert [(each.path, each.code) for each in sources.found(*places)] == [("real/shop.py", "MG01")]


def test_settings_may_begin_with_the_folder_they_stand_in(sources: Sources) -> None:
    sources.write("lib/deep/shop.py", "from modelguard import Document\nclass A(Document): pass\n")
    sources.write("app/tasks.py", "def f():\n    from shop import A\n")
    sources.write("old/shop.py", "from mongoengine import Document\nclass A(Document): pass\n")
    for root in ("lib/deep", "./lib/deep/", "old/../lib/deep"):
        sources.settings(f"roots = ['{root}']\nexclude = ['./old']\n")

        assert [(each.path, each.code) for each in sources.found()] == [("app/tasks.py", "MG02")]


def test_environments_hidden_folders_and_excluded_ones_are_not_read(sources: Sources) -> None:
    bad = "from mongoengine import Document\nclass A(Document): pass\n"
    for path in ("env/lib/a.py", ".tox/a.py", "node_modules/a.py", "old/deep/a.py", "src/gen_a.py", "src/kept.py"):
        sources.write(path, bad)
    sources.write("env/pyvenv.cfg")
    sources.settings("exclude = ['old', '*/gen_*.py']\n")

    assert [each.path for each in sources.found()] == ["src/kept.py"]


def test_only_what_was_asked_for_is_reported_in_the_light_of_all(sources: Sources) -> None:
    sources.write("shop/user.py", "from modelguard import Document\nclass User(Document): pass\n")
    late = sources.write("app/late.py", "def f():\n    from shop.user import User\n")
    sources.write("app/other.py", "def f():\n    from shop.user import User\n")

    assert [each.path for each in sources.found("app/late.py")] == ["app/late.py"]
    assert len(sources.found("app")) == 2
    assert sources.found("shop") == []
    assert late.exists()


def test_names_with_line_breaks_and_bytes_stay_on_one_line(tmp_path: Path) -> None:
    folder = tmp_path / "a\nb\x1b[31m"
    folder.mkdir()
    bad = "from mongoengine import Document\nclass A(Document): pass\n"
    (folder / "shop.py").write_text(bad, encoding="utf-8")
    (tmp_path / "z\udcff.py").write_text(bad.replace("A", "B"), encoding="utf-8")
    (tmp_path / "pyproject.toml").write_text("[tool.modelguard]\n", encoding="utf-8")

    for shape in ("text", "github", "json", "sarif"):
        done = subprocess.run(
            [sys.executable, "-m", "modelguard", "lint", "--no-cache", "--format", shape],
            cwd=tmp_path, capture_output=True, check=False, timeout=60, env={"PYTHONIOENCODING": "ascii"},
        )  # fmt: skip
        assert done.returncode == 1
        assert b"Traceback" not in done.stderr
        assert b"\x1b" not in done.stdout
        assert done.stdout.count(b"\n") == 2 or shape in {"json", "sarif"}


def test_a_reader_that_leaves_early_and_an_empty_project(sources: Sources, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lint", str(sources.root)]) == 0
    assert capsys.readouterr() == ("", "0 files, 0 models, 0 findings: no Python file is there\n")
