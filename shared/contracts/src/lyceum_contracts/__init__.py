"""Events, topics and golden schemas of the Lyceum platform."""
