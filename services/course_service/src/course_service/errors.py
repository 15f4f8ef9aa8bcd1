"""The root of what this service's domains refuse; each domain names its own in `exceptions`.

CourseServiceError
├── courses: SlugTaken, SlugFixed, NotYours, Archived, NotPublishable, UnfitTree
├── purchases: NotForSale, KeyReused, PurchaseLimit, NotRefundable, RefundTooLarge, Contradiction, OrderUnknown
└── payments: BadSignature, StaleTimestamp, UnreadableEvent, ProviderUnavailable, ProviderGarbage, ProviderRefused
"""


class CourseServiceError(Exception):
    """Root of all that this service's domains refuse. The text may be shown to whoever asked."""
