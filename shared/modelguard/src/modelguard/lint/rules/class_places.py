"""MG05: model classes that are made anywhere but at the top level."""

from collections.abc import Iterator

from modelguard.lint.facts import BLOCKS, ISOLATED
from modelguard.lint.finding import Finding
from modelguard.lint.index import Index, at
from modelguard.lint.rule import Rule

_CODE = "MG05"


def _find(index: Index) -> Iterator[Finding]:
    for model in index.models_for(_CODE):
        blocks = model.fact.nesting.replace("c", "")  # in a class body it is made once, with that class
        if not blocks or ISOLATED in blocks:
            continue
        function = "f" in blocks
        where = "in a function" if function else f"under `{BLOCKS[blocks[-1]]}`"
        why = (
            "each call runs the class statement again, and the model does not exist before the first"
            if function
            else "whether it is registered, or how often, depends on what happens there"
        )
        message = f"defines the model {model.registry_name} {where}: {why}"
        yield at(model, _CODE, message, _fix(model.module.path, function=function))


def _fix(path: str, *, function: bool) -> str:
    if not function:
        return "move the class to the top level, without a condition"
    *folders, file = path.split("/")
    tests = "/".join(folders[: folders.index("tests") + 1]) if "tests" in folders else ""
    if not tests and not file.startswith(("test_", "conftest.")):
        return "move the class to the top level of a model module"
    pattern = f"{tests}/*" if tests else path
    return (
        "let the test take the fixture isolated_models, or define it in modelguard.isolated(); where another fixture "
        f'does that for it, add to [tool.modelguard.per-file-ignores]: "{pattern}" = ["{_CODE}"]'
    )


RULE = Rule(
    _CODE,
    "A model class defined in a function, a loop or under a condition.",
    "A class statement that runs per call or per turn defines its model each time; under a condition, two processes "
    "hold different models.",
    "Define each model once, at the top level of a module. A test that defines one takes the fixture isolated_models, "
    "or does it in `with modelguard.isolated():`, and is not reported.",
    """
# shop/audit.py
from modelguard import Document


def entry(text):
    class Entry(Document):
        pass

    return Entry(text=text)
""",
    """
# shop/audit.py
from modelguard import Document


class Entry(Document):
    pass


def entry(text):
    return Entry(text=text)
""",
    _find,
)
