"""A published contract may gain an optional field; every other change is found. The comparator is tested on itself too."""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lyceum_contracts import CONTRACTS, breaking_changes

GOLDEN = Path(__file__).parent / "golden"
PUBLISHED: dict[str, Any] = {
    "title": "Old",
    "type": "object",
    "additionalProperties": True,
    "required": ["id"],
    "properties": {
        "id": {"type": "string", "pattern": "^a$"},
        "tags": {"type": "array", "items": {"$ref": "#/$defs/Tag"}, "default": []},
    },
    "$defs": {"Tag": {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}},
}


def edited(edit: Callable[[Any], object]) -> dict[str, Any]:
    schema = copy.deepcopy(PUBLISHED)
    edit(schema)
    return schema


@pytest.mark.parametrize("event_type", sorted(CONTRACTS))
def test_the_contract_is_still_the_published_one(event_type: Any) -> None:
    golden = json.loads((GOLDEN / f"{event_type}.json").read_text(encoding="utf-8"))

    assert breaking_changes(golden, CONTRACTS[event_type].model_json_schema()) == []


def test_there_is_a_golden_schema_for_each_contract_and_no_other() -> None:
    assert {path.stem for path in GOLDEN.glob("*.json")} == set(CONTRACTS)


@pytest.mark.parametrize(
    "edit",
    [
        lambda s: None,
        lambda s: s["properties"].update(note={"type": "string"}),
        lambda s: s["$defs"]["Tag"]["properties"].update(colour={"type": "string"}),
        lambda s: s["$defs"].update(Colour={"type": "string"}),
        lambda s: s.update(title="New", description="told better"),
        lambda s: s["properties"]["id"].update(description="the id"),
    ],
    ids=["nothing", "optional field", "nested optional field", "definition", "prose", "prose of a field"],
)
def test_an_optional_field_or_better_prose_passes(edit: Any) -> None:
    assert breaking_changes(PUBLISHED, edited(edit)) == []


@pytest.mark.parametrize(
    ("edit", "found"),
    [
        (lambda s: s["properties"].pop("tags"), "$.properties.tags: removed"),
        (lambda s: s["required"].append("tags"), "$.required: was"),
        (lambda s: s["required"].clear(), "$.required: was"),
        (lambda s: s.pop("required"), "$.required: removed"),
        (lambda s: (s["properties"].update(n={}), s["required"].append("n")), "$.required: was"),
        (lambda s: s["properties"]["id"].update(type="integer"), "$.properties.id.type: was"),
        (lambda s: s["properties"]["id"].pop("pattern"), "$.properties.id.pattern: removed"),
        (lambda s: s["properties"]["id"].update(maxLength=5), "$.properties.id.maxLength: added"),
        (lambda s: s["properties"]["tags"].update(default=None), "$.properties.tags.default: was"),
        (lambda s: s["properties"]["tags"].pop("items"), "$.properties.tags.items: removed"),
        (lambda s: s["$defs"]["Tag"]["required"].append("x"), "$.$defs.Tag.required: was"),
        (lambda s: s["$defs"]["Tag"]["properties"]["name"].update(enum=["a"]), "$.$defs.Tag.properties.name.enum"),
        (lambda s: s["$defs"].clear(), "$.$defs.Tag: removed"),
        (lambda s: s.update(additionalProperties=False), "$.additionalProperties: was"),
        (lambda s: s.update(additionalProperties=1), "$.additionalProperties: was"),
    ],
)
def test_any_other_change_is_found_with_its_place(edit: Any, found: Any) -> None:
    changes = breaking_changes(PUBLISHED, edited(edit))

    assert len(changes) == 1
    assert changes[0].startswith(found)


def test_a_field_called_like_a_prose_keyword_is_still_a_field() -> None:
    golden = {"properties": {"title": {"type": "string"}}}

    assert breaking_changes(golden, {"properties": {}}) == ["$.properties.title: removed"]
