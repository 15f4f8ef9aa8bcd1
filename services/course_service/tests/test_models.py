"""What a quiz, an exam, a video and a PDF may not be."""

from datetime import timedelta
from typing import Any

import pytest

import modelguard
from course_service import models
from course_service.models import AssessmentSlot, CourseVideo, Exam, PdfMaterial, Quiz, ReviewMatrix
from course_service.repositories import CourseVideoRepository, ExamRepository, PdfMaterialRepository, QuizRepository
from course_service.states import GradingMethod, Navigation, OverduePolicy, ReviewItem, VideoStatus
from lyceum_database import Duplicate, InvalidRecord, NotFound, StaleVersion, utc_now


def quiz(**changes: Any) -> Quiz:
    return Quiz(**{"course_id": "algebra", "title": "Quiz", **changes})


def exam(**changes: Any) -> Exam:
    now = utc_now()
    window = {"opens_at": now, "closes_at": now + timedelta(hours=2)}
    return Exam(**{"course_id": "algebra", "title": "Exam", **window, **changes})


def test_every_name_is_registered_and_nothing_dangles() -> None:
    modelguard.check()

    assert {name for name in models.__all__ if modelguard.require(name) is not getattr(models, name)} == set()


@pytest.mark.usefixtures("database")
class TestQuiz:
    def test_keeps_slots_limits_windows_and_policies(self) -> None:
        now = utc_now()
        slots = [
            AssessmentSlot(slot=1, question_id="q1", points_milli=1500),
            AssessmentSlot(slot=2, bank_id="b1", tags=["easy"]),
        ]
        written = QuizRepository().insert(
            quiz(
                slots=slots,
                limit_s=900,
                opens_at=now,
                closes_at=now + timedelta(days=1),
                hard_close=True,
                max_attempts=3,
                method=GradingMethod.AVERAGE,
                overdue=OverduePolicy.GRACE,
                grace_s=30,
            )
        )

        read = QuizRepository().get(written.id)

        assert read.to_mongo() == written.to_mongo()
        assert (read.slots[1].tags, read.slots[0].points_milli) == (["easy"], 1500)

    def test_shows_nothing_but_answers_until_it_closed_unless_told_otherwise(self) -> None:
        review = QuizRepository().insert(quiz()).review

        assert (review.during, review.just_after, review.later) == ([], ["response"], ["response"])
        assert set(review.after_close) == {item.value for item in ReviewItem}

    @pytest.mark.parametrize("item", [ReviewItem.RIGHT_ANSWER, ReviewItem.FEEDBACK, ReviewItem.MARKS])
    def test_never_shows_a_key_while_an_attempt_runs(self, item: ReviewItem) -> None:
        with pytest.raises(InvalidRecord) as raised:
            QuizRepository().insert(quiz(review=ReviewMatrix(during=[item])))

        assert list(raised.value.fields) == ["review.during"]

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"limit_s": 0}, "limit_s"),
            ({"max_attempts": 0}, "max_attempts"),
            ({"grace_s": -1}, "grace_s"),
            ({"method": "best"}, "method"),
            ({"overdue": "forgive"}, "overdue"),
            ({"course_id": "has space"}, "course_id"),
            ({"title": ""}, "title"),
            ({"slots": [AssessmentSlot(slot=1, question_id="a"), AssessmentSlot(slot=1, question_id="b")]}, "slots"),
        ],
    )
    def test_refuses_what_contradicts_itself_and_names_the_field(self, changes: dict[str, Any], field: str) -> None:
        with pytest.raises(InvalidRecord) as raised:
            QuizRepository().insert(quiz(**changes))

        assert list(raised.value.fields) == [field]
        assert QuizRepository().list_() == []

    @pytest.mark.parametrize("both", [{}, {"question_id": "q", "bank_id": "b"}])
    def test_a_slot_has_a_question_or_a_bank(self, both: dict[str, str]) -> None:
        with pytest.raises(InvalidRecord, match="either a question or a bank"):
            QuizRepository().insert(quiz(slots=[AssessmentSlot(slot=1, **both)]))

    def test_closes_after_it_opens(self) -> None:
        now = utc_now()
        with pytest.raises(InvalidRecord, match="later than opens_at"):
            QuizRepository().insert(quiz(opens_at=now, closes_at=now))

    def test_of_two_editors_the_later_one_is_told(self) -> None:
        quizzes = QuizRepository()
        first = quizzes.insert(quiz())
        second = quizzes.get(first.id)
        first.title = "First"
        quizzes.save(first)
        second.slots.append(AssessmentSlot(slot=1, question_id="q"))

        with pytest.raises(StaleVersion):
            quizzes.save(second)

        assert quizzes.get(first.id).slots == []


@pytest.mark.usefixtures("database")
class TestExam:
    def test_is_taken_once_question_by_question_within_a_window(self) -> None:
        read = ExamRepository().get(ExamRepository().insert(exam()).id)

        assert (read.max_attempts, read.navigation) == (1, Navigation.SEQUENTIAL)

    @pytest.mark.parametrize(
        ("changes", "field"), [({"max_attempts": 2}, "max_attempts"), ({"closes_at": None}, "closes_at")]
    )
    def test_refuses_to_be_less(self, changes: dict[str, Any], field: str) -> None:
        with pytest.raises(InvalidRecord) as raised:
            ExamRepository().insert(exam(**changes))

        assert list(raised.value.fields) == [field]

    def test_is_no_quiz(self) -> None:
        one = ExamRepository().insert(exam())

        assert QuizRepository().find(one.id) is None


@pytest.mark.usefixtures("database")
class TestMedia:
    def test_a_course_holds_the_same_video_once(self) -> None:
        videos = CourseVideoRepository()
        checksum = "a" * 64
        first = videos.insert(CourseVideo(course_id="algebra", title="One", checksum=checksum))
        videos.insert(CourseVideo(course_id="geometry", title="One", checksum=checksum))
        videos.insert(CourseVideo(course_id="algebra", title="Not uploaded yet"))
        videos.insert(CourseVideo(course_id="algebra", title="Nor this one"))

        with pytest.raises(Duplicate) as raised:
            videos.insert(CourseVideo(course_id="algebra", title="Two", checksum=checksum))

        assert (raised.value.field, raised.value.record_id) == ("course_id+checksum", first.id)

    def test_starts_announced_and_ends_in_a_known_state(self) -> None:
        videos = CourseVideoRepository()
        video = videos.insert(CourseVideo(course_id="algebra", title="One"))
        assert video.status == VideoStatus.ANNOUNCED
        video.status = VideoStatus.READY
        videos.save(video)
        video.status = "lost"

        with pytest.raises(InvalidRecord):
            videos.save(video)

        assert videos.get(video.id).status == "ready"

    @pytest.mark.parametrize("checksum", ["A" * 64, "a" * 63, "a" * 64 + "\n"])
    def test_a_checksum_is_a_sha_256_in_hex(self, checksum: str) -> None:
        with pytest.raises(InvalidRecord):
            PdfMaterialRepository().insert(PdfMaterial(course_id="algebra", title="PDF", checksum=checksum))

    def test_a_lesson_lists_its_own(self) -> None:
        materials = PdfMaterialRepository()
        for lesson, org in (("l1", "acme"), ("l2", "acme"), ("l1", "other")):
            materials.insert(PdfMaterial(course_id="algebra", lesson_id=lesson, title=lesson, org_id=org, pages=3))

        assert [found.title for found in materials.of_lesson("algebra", "l1", org_id="acme")] == ["l1"]
        assert [found.title for found in materials.of_course("algebra", org_id="acme")] == ["l1", "l2"]
        with pytest.raises(NotFound):
            materials.get(materials.of_course("algebra", org_id="other")[0].id, org_id="acme")
