"""The one table from what this service refuses to what a client is told."""

from collections.abc import Mapping

from course_service.errors import Contended
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
from lyceum_web.problems import ProblemCode

CODES = (
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
