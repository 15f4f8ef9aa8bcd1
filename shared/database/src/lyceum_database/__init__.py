"""Connection, guarded shared models and repositories of the Lyceum platform."""
