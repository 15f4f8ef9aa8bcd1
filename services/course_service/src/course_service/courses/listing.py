"""A course's head as lists keep it."""

from datetime import datetime

from course_service.courses.content import Content
from course_service.courses.words import name_key, sort_key, tokens
from lyceum_database import CourseListing


def listing_of(content: Content, *, number: int | None = None, published_at: datetime | None = None) -> CourseListing:
    """Return the head of a draft, or with a number that of a published version."""
    return CourseListing(
        number=number,
        title=content.title,
        title_key=sort_key(content.title) or content.title,
        summary=content.summary,
        subject=content.subject,
        subject_key=name_key(content.subject),
        languages=list(content.languages),
        language_keys=[name_key(language) for language in content.languages],
        price_minor=content.price_minor,
        currency=content.currency,
        tokens=tokens(content.title, content.summary, content.subject),
        published_at=published_at,
    )
