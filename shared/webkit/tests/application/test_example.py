"""A service is its routes, its documents and its errors; all the rest is the kit's."""

from pathlib import Path

import httpx

from lyceum_web.testing import Callers


def test_a_new_service_needs_less_than_sixty_lines(example_folder: Path) -> None:
    assert len((example_folder / "example_main.py").read_text().splitlines()) < 60


def test_what_is_created_can_be_read_by_the_same_organization_only(notes: httpx.Client, people: Callers) -> None:
    mine = people.headers("ana", permissions=["notes:write", "notes:read"], org_id="mine")
    other = people.headers("bob", permissions=["notes:read"], org_id="other")

    created = notes.post("/v1/notes", json={"slug": "milk", "text": "Buy milk."}, headers=mine)
    place = created.headers["location"]

    assert created.status_code == 201
    assert notes.get(place, headers=mine).json() == created.json()
    assert notes.get(place, headers=other).json()["code"] == "not_found"


def test_errors_of_the_domain_and_of_storage_are_told_apart(notes: httpx.Client, people: Callers) -> None:
    mine = people.headers("ana", permissions=["notes:write"])
    notes.post("/v1/notes", json={"slug": "milk", "text": ""}, headers=mine)

    twice = notes.post("/v1/notes", json={"slug": "milk", "text": ""}, headers=mine)
    unfit = notes.post("/v1/notes", json={"slug": "gin", "text": "unfit"}, headers=mine)

    assert (twice.status_code, twice.json()["code"]) == (409, "conflict")
    assert "milk" not in twice.text, "whose it is, and which document has it, is told to nobody"
    assert (unfit.json()["code"], unfit.json()["detail"]) == ("unfit_note", "Nobody wants to read this.")


def test_the_kit_keeps_strangers_out(notes: httpx.Client, people: Callers) -> None:
    assert notes.get("/v1/notes/x").json()["code"] == "unauthenticated"
    assert notes.get("/v1/notes/x", headers={"Authorization": "Bearer x.y.z"}).json()["code"] == "invalid_token"
    assert notes.get("/v1/notes/x", headers=people.headers()).json()["code"] == "forbidden"
    assert notes.get("/v1/notes").json() == []
