"""Conversations, messages, doubts and attachments."""
