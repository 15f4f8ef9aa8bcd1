"""How payments are taken, as the environment tells it."""

import logging
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from lyceum_program.errors import StartRefused

ProviderName = Literal["stripe", "fake"]

log = logging.getLogger(__name__)


class PaymentSettings(BaseSettings):
    """`PAYMENT_PROVIDER` and what it needs.

    Attributes:
        payment_provider: takes new orders. Events and refunds of older ones are taken by every provider that is set up.
        stripe_api_key: `sk_...`, or a restricted key that may write payment intents and refunds.
        stripe_webhook_secrets: `whsec_...` of the endpoint; several with commas between while they are changed.
        stripe_timeout_seconds: of one try at Stripe.
        payment_fake_secret: signs what the provider that moves no money tells. It is refused in production.
    """

    model_config = SettingsConfigDict(
        env_prefix="", env_ignore_empty=True, frozen=True, extra="ignore", hide_input_in_errors=True
    )

    payment_provider: ProviderName = "stripe"
    stripe_api_key: SecretStr | None = Field(default=None, min_length=8)
    stripe_webhook_secrets: SecretStr | None = Field(default=None, min_length=8)
    stripe_timeout_seconds: float = Field(default=8, ge=0.1, le=12)
    payment_fake_secret: SecretStr | None = Field(default=None, min_length=16)

    def check(self, *, development: bool) -> None:
        """Refuse what cannot work, or must not.

        Raises:
            StartRefused: names the variable and what to do, never a secret.
        """
        if self.payment_fake_secret is not None and not development:
            raise StartRefused(
                "PAYMENT_FAKE_SECRET is set outside development: whoever knows it attends for nothing; take it away"
            )
        if (self.stripe_api_key is None) != (self.stripe_webhook_secrets is None):
            raise StartRefused("STRIPE_API_KEY and STRIPE_WEBHOOK_SECRETS go together: set both, or none")
        self._check_stripe(development=development)
        if self.payment_provider == "stripe" and self.stripe_api_key is None:
            raise StartRefused(
                "no payment provider is set up: set STRIPE_API_KEY and STRIPE_WEBHOOK_SECRETS or, in development, "
                "PAYMENT_PROVIDER=fake and PAYMENT_FAKE_SECRET"
            )
        if self.payment_provider == "fake" and self.payment_fake_secret is None:
            raise StartRefused("PAYMENT_PROVIDER=fake needs PAYMENT_FAKE_SECRET: choose 16 characters or more")

    def _check_stripe(self, *, development: bool) -> None:
        """Refuse what is no secret of Stripe's, such as a placeholder; say that nobody pays with a key for tests."""
        if self.stripe_api_key is None:
            return
        key = self.stripe_api_key.get_secret_value()
        if not key.startswith(("sk_", "rk_")):
            raise StartRefused("STRIPE_API_KEY is no secret key of Stripe's: those begin with sk_ or rk_")
        if not all(secret.get_secret_value().startswith("whsec_") for secret in self.webhook_secrets()):
            raise StartRefused("STRIPE_WEBHOOK_SECRETS holds what is no signing secret of Stripe's: whsec_...")
        if not development and key.startswith(("sk_test_", "rk_test_")):
            log.warning("STRIPE_API_KEY is for tests: nobody pays", extra={"action": "test_payments"})

    def webhook_secrets(self) -> tuple[SecretStr, ...]:
        """Return the secrets of Stripe's endpoint, one by one."""
        text = "" if self.stripe_webhook_secrets is None else self.stripe_webhook_secrets.get_secret_value()
        return tuple(SecretStr(part.strip()) for part in text.split(",") if part.strip())
