"""A Kafka worker runtime: key order, retries, dead letters, once-only effects."""
