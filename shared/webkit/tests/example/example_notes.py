"""The domain of the example: notes, one per slug."""

from typing import Annotated, Any, ClassVar

from fastapi import APIRouter, Depends, Request, Response
from mongoengine.fields import StringField
from pydantic import BaseModel, ConfigDict, Field

from lyceum_database import Record, Repository, UniqueKey
from lyceum_web.openapi import problems
from lyceum_web.security import CurrentPrincipal, public, requires


class Note(Record):
    slug: str = StringField(required=True)
    slug_key: str | None = UniqueKey("org_id", "slug")
    text: str = StringField(default="")

    meta: ClassVar[dict[str, Any]] = {"collection": "example_notes"}


class UnfitNote(Exception):  # noqa: N818 - the name answers "what happened?"
    """A note that nobody wants to read."""


class NoteCreate(BaseModel):
    model_config = ConfigDict(extra="forbid")

    slug: str = Field(pattern=r"^[a-z][a-z0-9-]{0,30}$", examples=["milk"])
    text: str = Field(max_length=1000, examples=["Buy milk."])
    mark: float | None = Field(default=None, ge=0, le=10, examples=[7.5])


class NoteRead(BaseModel):
    id: str = Field(examples=["01990b4e-8d3c-7a51-9e2f-3c4d5e6f7a8b"])
    slug: str = Field(examples=["milk"])
    text: str = Field(examples=["Buy milk."])


def _notes(request: Request) -> Repository[Note]:
    repository: Repository[Note] = request.state.notes
    return repository


Notes = Annotated[Repository[Note], Depends(_notes)]
router = APIRouter(prefix="/v1/notes", tags=["notes"])


@router.post("", status_code=201, dependencies=[requires("notes:write")], responses=problems("conflict", "unfit_note"))
def create_note(body: NoteCreate, notes: Notes, caller: CurrentPrincipal, response: Response) -> NoteRead:
    """Store a note."""
    if "unfit" in body.text:
        raise UnfitNote("Nobody wants to read this.")
    note = notes.insert(Note(slug=body.slug, text=body.text, org_id=caller.org_id))
    response.headers["Location"] = f"/v1/notes/{note.id}"
    return _shown(note)


@router.get("/{note_id}", dependencies=[requires("notes:read")], responses=problems("not_found"))
def read_note(note_id: str, notes: Notes, caller: CurrentPrincipal) -> NoteRead:
    """Read a note."""
    return _shown(notes.get(note_id, org_id=caller.org_id))


@router.get("", dependencies=[public()])
def list_notes(notes: Notes, limit: Annotated[int, Field(ge=1, le=100)] = 20) -> list[NoteRead]:
    """List notes."""
    return [_shown(note) for note in notes.list_(limit=limit)]


def _shown(note: Note) -> NoteRead:
    return NoteRead(id=note.id, slug=note.slug, text=note.text)
