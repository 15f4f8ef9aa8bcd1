"""`lyceum up`: every program of the platform in one process, for development."""
