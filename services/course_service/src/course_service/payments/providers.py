"""The payment providers that are set up."""

from collections.abc import Callable
from datetime import timedelta

from course_service.payments.bounded import BoundedProvider
from course_service.payments.fake_provider import Delivery, FakeProvider
from course_service.payments.provider import PaymentProvider
from course_service.payments.settings import PaymentSettings
from course_service.payments.stripe_provider import StripeProvider
from lyceum_database import Clock, utc_now


def build_providers(
    settings: PaymentSettings, *, deliver: Callable[[Delivery], None], clock: Clock = utc_now
) -> dict[str, PaymentProvider]:
    """Build every provider that has its secrets, by name.

    Args:
        settings: checked before.
        deliver: takes what the fake provider tells of refunds.
        clock: tells the time.
    """
    providers: dict[str, PaymentProvider] = {}
    if settings.stripe_api_key is not None:
        timeout = timedelta(seconds=settings.stripe_timeout_seconds)
        secrets = settings.webhook_secrets()
        stripe = StripeProvider(settings.stripe_api_key, secrets, clock=clock, timeout=timeout)
        providers[stripe.name] = BoundedProvider(stripe)
    if settings.payment_fake_secret is not None:
        fake = FakeProvider(settings.payment_fake_secret, clock=clock, deliver=deliver)
        providers[fake.name] = fake
    return providers
