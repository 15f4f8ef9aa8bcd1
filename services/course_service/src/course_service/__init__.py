"""Courses, quizzes, exams, videos and materials."""
