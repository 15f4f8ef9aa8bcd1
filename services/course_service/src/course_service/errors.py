"""The root of what this service's domains refuse; each domain names its own in `exceptions`.

CourseServiceError
├── Contended                                                     too many writers at one document
├── courses: SlugTaken, SlugFixed, NotYours, Archived, NotPublishable, UnfitTree
├── purchases: NotForSale, KeyReused, PurchaseLimit, NotRefundable, RefundTooLarge, Contradiction, OrderUnknown
└── payments: BadSignature, StaleTimestamp, UnreadableEvent, ProviderUnavailable, ProviderGarbage, ProviderRefused
"""

# ruff: noqa: N818 - names say what happened

from lyceum_database import AccessDenied, NotConnected, Unavailable

OUTAGES: tuple[type[Exception], ...] = (Unavailable, AccessDenied, NotConnected)
"""The database is away, or refuses this program: whatever is being done will fail alike, so it is left for later."""


class CourseServiceError(Exception):
    """Root of all that this service's domains refuse. The text may be shown to whoever asked."""


class Contended(CourseServiceError):
    """Too many write to one document at one moment.

    Attributes:
        retry_after_s: when it is worth trying again, in seconds.
    """

    def __init__(self) -> None:
        super().__init__("too many changes of the same thing at this moment: try again")
        self.retry_after_s = 1
