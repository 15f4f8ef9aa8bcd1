"""What users of the guarded bases write is checked here by mypy strict, and runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, assert_type

from mongoengine import IntField, StringField

from modelguard import Document, EmbeddedDocument, isolated

if TYPE_CHECKING:
    from modelguard.bases import QuerySet


def test_models_pass_mypy_strict_and_keep_their_type(database: None) -> None:
    with isolated():

        class Lesson(Document):
            title = StringField(required=True)
            meta: ClassVar[dict[str, Any]] = {"collection": "typed_lessons"}

            def clean(self) -> None:
                super().clean()
                self.title = self.title.strip()

        class Mark(EmbeddedDocument):
            points = IntField()

        lesson = assert_type(Lesson(title=" Sums ").save(), Lesson)
        query: QuerySet[Lesson] = Lesson.objects(title="Sums")
        assert_type(query.first(), Lesson | None)
        assert_type(Lesson.objects.get(pk=lesson.pk), Lesson)
        assert_type(lesson.reload(), Lesson)
        assert_type(Lesson._get_collection_name(), str)
        titles = [assert_type(each, Lesson).title for each in Lesson.objects.order_by("title")]

        assert titles == ["Sums"]
        assert Lesson.objects.upsert_one(title="Sums").pk == lesson.pk
        assert Mark(points=1).to_mongo() == {"points": 1}
        assert Lesson._get_collection().count_documents({}) == 1
