"""Findings as text, JSON, SARIF and annotations of a pull request."""
