"""Bodies refuse what they do not know, changes never remove, and a line of text is one."""

from typing import Annotated

import pytest
from pydantic import AfterValidator, SecretStr, ValidationError

from lyceum_web.schemas import Answer, Change, Request, composed, plain_line


class Baking(Request):
    name: Annotated[str, AfterValidator(plain_line)]
    code: SecretStr | None = None


class Rename(Change):
    name: str | None = None


class Baked(Answer):
    name: str


def test_what_a_request_does_not_know_is_refused_by_name() -> None:
    with pytest.raises(ValidationError) as refused:
        Baking.model_validate({"name": "rye", "role": "admin"})

    assert [error["loc"] for error in refused.value.errors()] == [("role",)]


def test_a_refusal_quotes_no_value() -> None:
    with pytest.raises(ValidationError) as refused:
        Baking.model_validate({"name": "\n", "code": ["hidden"]})

    assert "hidden" not in str(refused.value)


@pytest.mark.parametrize("kind", [Baking, Baked])
def test_a_body_cannot_be_altered_on_its_way(kind: type[Baking | Baked]) -> None:
    body = kind(name="rye")

    with pytest.raises(ValidationError, match="frozen"):
        setattr(body, "name", "spelt")  # noqa: B010  a plain assignment is refused by the type checker already


def test_a_change_leaves_what_is_left_out_and_removes_nothing() -> None:
    assert Rename.model_validate({}).model_fields_set == set()

    with pytest.raises(ValidationError, match="nothing here can be null"):
        Rename.model_validate({"name": None})


def test_a_line_is_composed_and_trimmed() -> None:
    assert plain_line("  Caf\u0065\u0301 ") == "Caf\u00e9"


@pytest.mark.parametrize("text", ["", "  ", "a\nb", "a\x00b", "a\u2028b", "\ud800", "a\u0378"])
def test_what_is_no_line_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"blank|control"):
        plain_line(text)


def test_marks_in_a_row_are_as_many_as_scripts_have_and_no_more() -> None:
    thirty = "\u0301\u0323" * 15

    assert composed(f"a{thirty}b{thirty}").startswith("\u1ea1")
    for heaped in (f"a{thirty}\u0301", f"{thirty}\u0323 b"):
        with pytest.raises(ValueError, match="30 accents"):
            composed(heaped)
        with pytest.raises(ValueError, match="30 accents"):
            plain_line(heaped)
