"""Roles: named sets of permissions, per organization. Nobody hands out what they have not."""
