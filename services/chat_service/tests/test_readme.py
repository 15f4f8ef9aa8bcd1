"""The README's table of documents is the models' own."""

from pathlib import Path

from chat_service import models
from lyceum_database import Record
from lyceum_database.reference import documents_table

README = Path(__file__).parents[1] / "README.md"


def test_the_table_of_documents_is_what_the_models_declare() -> None:
    exported = [getattr(models, name) for name in models.__all__]
    stored = [model for model in exported if issubclass(model, Record) and not model._meta.get("abstract")]

    assert documents_table(stored) in README.read_text(encoding="utf-8")
