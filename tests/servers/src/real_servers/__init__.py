"""Real Kafka and MongoDB-protocol servers as child processes, for tests."""
