"""Authors, publishers and deaths in any order, against a model of a few lines."""

from contextlib import ExitStack
from dataclasses import replace
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from course_service.courses.content import Content, Lesson, Section
from course_service.courses.exceptions import Archived, NotPublishable, SlugFixed
from lyceum_database.testing.stepping import dies_after

from .desk import CONTENT, Desk, StaleError, open_desk

lessons = st.lists(st.sampled_from("abc"), max_size=3, unique=True)
sections = st.builds(
    lambda names: tuple(
        Section(
            id=f"s-{name}",
            title=name,
            lessons=(Lesson(id=f"l-{name}", title=name, kind="text", body=name.replace("c", " ")),),
        )
        for name in names
    ),
    lessons,
)
patches = st.fixed_dictionaries(
    {},
    optional={
        "title": st.sampled_from(["Algebra", "Geometry"]),
        "summary": st.sampled_from(["", "Short."]),
        "price_minor": st.sampled_from([0, 4900]),
        "languages": st.sampled_from([(), ("en",), ("de", "en")]),
        "sections": sections,
    },
)
calls = st.integers(0, 8)


def publishable(content: Any) -> bool:
    every = [lesson for section in content.sections for lesson in section.lessons]
    return bool(content.languages and every) and all(lesson.body.strip() for lesson in every)


class Work(RuleBasedStateMachine):
    """`draft` and `published` are what the course should be; after a death either the old or the new may hold."""

    @initialize()
    def opens(self) -> None:
        self.stack = ExitStack()
        self.desk: Desk = self.stack.enter_context(open_desk())
        self.draft, self.archived = CONTENT, False
        self.published: Content | None = None
        self.seen: dict[int, Any] = {}

    @rule(patch=patches)
    def edits(self, patch: dict[str, Any]) -> None:
        before = self.desk.course.version
        try:
            self.desk.edits(**patch)
        except Archived:
            assert self.archived
            return
        assert not self.archived
        changed = replace(self.draft, **patch)
        assert (self.desk.course.version == before) == (changed == self.draft), "what says nothing new is no change"
        self.draft = changed

    @rule(patch=patches, calls=calls)
    def edits_and_dies(self, patch: dict[str, Any], calls: int) -> None:
        if self.archived:
            return
        dies_after(calls, lambda: self.desk.edits(**patch))
        assert self.desk.draft in (self.draft, replace(self.draft, **patch))
        self.draft = self.desk.draft

    @rule()
    def publishes(self) -> None:
        try:
            self.desk.publishes()
        except Archived:
            assert self.archived
            return
        except NotPublishable:
            assert not publishable(self.draft)
            return
        assert publishable(self.draft)
        assert not self.archived
        self.published = self.draft

    @precondition(lambda self: not self.archived and publishable(self.draft))
    @rule(calls=calls)
    def publishes_and_dies(self, calls: int) -> None:
        dies_after(calls, self.desk.publishes)
        assert self.desk.published in (self.published, self.draft)
        self.published = self.desk.published

    @rule(patch=patches, behind=st.integers(1, 3))
    def edits_what_is_no_more(self, patch: dict[str, Any], behind: int) -> None:
        try:
            self.desk.edits(self.desk.course.version - behind, **patch)
        except StaleError:
            return
        raise AssertionError("a version that is no more was changed")

    @precondition(lambda self: self.published is not None and not self.archived)
    @rule()
    def renames_what_is_linked(self) -> None:
        try:
            self.desk.edits(slug="another")
        except SlugFixed:
            return
        raise AssertionError("links are broken")

    @precondition(lambda self: self.published is not None)
    @rule()
    def archives(self) -> None:
        self.desk.archives()
        self.archived = True

    @invariant()
    def is_as_it_should_be(self) -> None:
        self.desk.is_whole()
        assert self.desk.draft == self.draft
        assert self.desk.published == self.published
        assert (self.desk.course.status == "archived") == self.archived

    @invariant()
    def no_version_ever_changes(self) -> None:
        stored = self.desk.stored_versions()
        assert {number: stored[number] for number in self.seen} == self.seen
        self.seen = stored

    def teardown(self) -> None:
        if hasattr(self, "stack"):
            self.stack.close()


TestWork = Work.TestCase
TestWork.settings = settings(max_examples=20, stateful_step_count=12, deadline=None)
