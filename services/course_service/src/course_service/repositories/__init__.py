"""One door per document."""

from course_service.repositories.course_videos import CourseVideoRepository
from course_service.repositories.exams import ExamRepository
from course_service.repositories.pdf_materials import PdfMaterialRepository
from course_service.repositories.quizzes import QuizRepository

__all__ = ["CourseVideoRepository", "ExamRepository", "PdfMaterialRepository", "QuizRepository"]
