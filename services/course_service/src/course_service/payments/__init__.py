"""Money, as a payment provider handles it: the port, Stripe behind it, and a provider that moves none."""
