"""What goes wrong between a payment provider and this service."""

# ruff: noqa: N818 - each name answers "what happened?"; a suffix would repeat the root's

from course_service.errors import CourseServiceError


class PaymentError(CourseServiceError):
    """Root of all that goes wrong with a payment provider."""


class BadSignature(PaymentError):
    """The delivery is not the provider's: no signature, an unreadable one, or one for other bytes."""

    def __init__(self) -> None:
        super().__init__("the signature does not belong to this body: check the signing secret on both sides")


class StaleTimestamp(PaymentError):
    """The delivery was signed too long ago, or in the future: whoever sends it may have recorded it."""

    def __init__(self) -> None:
        super().__init__("the signature was made too long ago, or in the future: deliver again, check the clocks")


class UnreadableEvent(PaymentError):
    """The delivery is the provider's, but not of the form that is understood here."""


class ProviderUnavailable(PaymentError):
    """The provider does not answer, or asks to come back later. It may have done what it was asked for: ask again.

    Attributes:
        retry_after_s: when it is worth trying again, in seconds.
    """

    def __init__(self, retry_after_s: int = 5) -> None:
        super().__init__("the payment provider does not answer at this moment: nothing is lost, try again")
        self.retry_after_s = retry_after_s


class ProviderGarbage(PaymentError):
    """The provider's answer cannot be what it was asked for."""

    def __init__(self) -> None:
        super().__init__("the payment provider gave an answer that cannot be understood: nothing is lost, try again")


class ProviderRefused(PaymentError):
    """The provider will not do it, however often it is asked.

    Attributes:
        reason: the provider's code for it.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(f"the payment provider refuses: {reason}")
        self.reason = reason
