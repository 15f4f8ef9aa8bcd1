"""The one table from what this service refuses to what a client is told."""

from collections.abc import Mapping

from course_service.courses.exceptions import (
    Archived,
    NotPublishable,
    NotYours,
    SlugFixed,
    SlugTaken,
    UnfitTree,
)
from course_service.payments.exceptions import (
    BadSignature,
    PaymentError,
    ProviderGarbage,
    ProviderRefused,
    ProviderUnavailable,
    StaleTimestamp,
    UnreadableEvent,
)
from course_service.purchases.exceptions import (
    KeyReused,
    LanguageUnknown,
    NotForSale,
    NotRefundable,
    PurchaseLimit,
    RefundTooLarge,
)
from course_service.webhooks.exceptions import UnknownProvider
from lyceum_database import Contended
from lyceum_web.problems import ProblemCode

CODES = (
    ProblemCode("slug_taken", 409, "Slug taken", "Choose another slug: the organization has a course with this one."),
    ProblemCode("slug_fixed", 409, "Slug stays", "Leave the slug: that of a published course is in people's links."),
    ProblemCode("not_your_course", 403, "Somebody else's course", "Ask its owner, or a manager of courses."),
    ProblemCode("course_archived", 409, "Course archived", "Make a new course from it: archived is for good."),
    ProblemCode("not_publishable", 409, "Draft not complete", "Add what the detail names, then publish again."),
    ProblemCode("not_for_sale", 409, "Course not for sale", "Choose another course; the detail says why."),
    ProblemCode("purchase_limit", 409, "Bought too often", "Ask support: nobody needs one course so often."),
    ProblemCode("language_required", 422, "Language required", "Send `language`: the course names none."),
    ProblemCode("not_refundable", 409, "Nothing to give back", "Read the purchase: its status says why."),
    ProblemCode("refund_too_large", 409, "More than is left", "Send an amount within what the detail says, or none."),
    ProblemCode(
        "payment_refused",
        409,
        "Payment provider refuses",
        "The order is kept. Order again with a new key, or ask support with the code in the detail.",
    ),
    ProblemCode(
        "payment_provider_error",
        502,
        "Payment provider not understood",
        "Nothing is lost: send the same request with the same Idempotency-Key again.",
    ),
    ProblemCode(
        "payment_provider_unavailable",
        503,
        "Payment provider away",
        "Nothing is lost: send the same request with the same Idempotency-Key after the time in Retry-After.",
    ),
    ProblemCode("bad_signature", 400, "Signature does not fit", "Sign these very bytes with the endpoint's secret."),
    ProblemCode("stale_signature", 400, "Signature too old", "Deliver again, signed now; check the clocks."),
    ProblemCode("unreadable_event", 400, "Event not understood", "Deliver again once this endpoint is mended."),
)

ERRORS: Mapping[type[Exception], str] = {
    Contended: "overloaded",
    SlugTaken: "slug_taken",
    SlugFixed: "slug_fixed",
    NotYours: "not_your_course",
    Archived: "course_archived",
    NotPublishable: "not_publishable",
    UnfitTree: "invalid_request",
    NotForSale: "not_for_sale",
    PurchaseLimit: "purchase_limit",
    LanguageUnknown: "language_required",
    KeyReused: "idempotency_key_reused",
    NotRefundable: "not_refundable",
    RefundTooLarge: "refund_too_large",
    PaymentError: "payment_provider_unavailable",
    ProviderUnavailable: "payment_provider_unavailable",
    ProviderGarbage: "payment_provider_error",
    ProviderRefused: "payment_refused",
    BadSignature: "bad_signature",
    StaleTimestamp: "stale_signature",
    UnreadableEvent: "unreadable_event",
    UnknownProvider: "not_found",
}
