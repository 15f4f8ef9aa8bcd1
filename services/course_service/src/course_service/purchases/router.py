"""Routes of purchases."""

from typing import Annotated

from fastapi import APIRouter, Query, Response, status

from course_service.purchases.orders import Wanted
from course_service.purchases.repository import PurchaseRepository
from course_service.purchases.schemas import PurchaseMade, PurchaseOrder, RefundOrder, ShownPurchase
from course_service.purchases.service import PurchaseService, RefundWish
from course_service.wire import Id
from lyceum_web.idempotency import RequestKey
from lyceum_web.limits import allowing
from lyceum_web.openapi import problems
from lyceum_web.pages import Page, PageQuery
from lyceum_web.provided import provided
from lyceum_web.rates import limited
from lyceum_web.security import CurrentPrincipal, Forbidden, Principal, requires

MANAGE = "purchases:manage"
CLICKS = "120/minute"
"""Of one student: each may ask the payment provider for something, which counts our calls too."""
FORM_BYTES = 16 * 1024
"""Many times what the longest of these forms takes."""

Purchases = Annotated[PurchaseService, provided(PurchaseService)]
Orders = Annotated[PurchaseRepository, provided(PurchaseRepository)]

router = APIRouter(prefix="/v1", tags=["purchases"])


@router.post(
    "/courses/{course_id}/purchases",
    status_code=status.HTTP_201_CREATED,
    dependencies=[requires("purchases:create"), limited("purchases", CLICKS)],
    responses=problems(
        "not_found",
        "not_for_sale",
        "purchase_limit",
        "language_required",
        "payment_refused",
        "payment_provider_error",
        "payment_provider_unavailable",
    ),
)
@allowing(body_bytes=FORM_BYTES)
def buy_course(
    course_id: Id,
    body: PurchaseOrder,
    key: RequestKey,
    purchases: Purchases,
    principal: CurrentPrincipal,
    response: Response,
) -> PurchaseMade:
    """Order a course, and learn how to pay it.

    The same key is the same order, for ever: if the payment provider is away, send the same request again.
    """
    bought = purchases.buy(
        Wanted(
            org_id=principal.org_id,
            student_id=principal.user_id,
            course_id=course_id,
            key=key,
            language=body.language,
            second_language=body.second_language,
            wants=body.wants,
        )
    )
    response.headers["Location"] = f"/v1/purchases/{bought.order.id}"
    # The secret in it is the payer's alone.
    response.headers["Cache-Control"] = "no-store"
    if not bought.is_new:
        response.headers["Idempotent-Replayed"] = "true"
    return PurchaseMade.of(bought)


@router.get("/purchases", dependencies=[requires("purchases:read")], responses=problems("forbidden"))
def list_purchases(
    orders: Orders,
    principal: CurrentPrincipal,
    page: PageQuery,
    student_id: Annotated[Id | None, Query(description=f"Whose; others' need {MANAGE}.")] = None,
    course_id: Annotated[Id | None, Query(description="Of which course.")] = None,
) -> Page[ShownPurchase]:
    """List purchases, the newest first: your own, or with permission anybody's."""
    whose = _whose(principal, student_id)
    listing = page.of("purchases", org_id=principal.org_id, student_id=whose, course_id=course_id)
    found = orders.newest(
        org_id=principal.org_id,
        student_id=whose,
        course_id=course_id,
        before_id=listing.after_id,
        limit=listing.fetch,
    )
    return listing.page(found, ShownPurchase.of, position=lambda order: (order.id,))


@router.get("/purchases/{purchase_id}", dependencies=[requires("purchases:read")], responses=problems("not_found"))
def read_purchase(purchase_id: Id, purchases: Purchases, principal: CurrentPrincipal) -> ShownPurchase:
    """Read a purchase: your own, or with permission anybody's."""
    student_id = None if principal.may(MANAGE) else principal.user_id
    return ShownPurchase.of(purchases.get(purchase_id, org_id=principal.org_id, student_id=student_id))


@router.post(
    "/purchases/{purchase_id}/refunds",
    status_code=status.HTTP_201_CREATED,
    dependencies=[requires(MANAGE)],
    responses=problems(
        "not_found", "not_refundable", "refund_too_large", "payment_provider_error", "payment_provider_unavailable"
    ),
)
@allowing(body_bytes=FORM_BYTES)
def refund_purchase(
    purchase_id: Id,
    body: RefundOrder,
    key: RequestKey,
    purchases: Purchases,
    principal: CurrentPrincipal,
    response: Response,
) -> ShownPurchase:
    """Give money back, all that is left or a part of it.

    It counts once the payment provider tells that it was done; access ends when nothing is left. If the provider is
    away the wish is kept and sent later, whether or not you send it again.
    """
    wish = RefundWish(key=key, amount_minor=body.amount_minor, reason=body.reason, by=principal.user_id)
    order = purchases.refund(purchase_id, wish, org_id=principal.org_id)
    response.headers["Location"] = f"/v1/purchases/{order.id}"
    return ShownPurchase.of(order)


def _whose(principal: Principal, asked: str | None) -> str | None:
    """Whose purchases are listed; None for everybody's."""
    if principal.may(MANAGE):
        return asked
    if asked not in (None, principal.user_id):
        raise Forbidden(MANAGE)
    return principal.user_id
