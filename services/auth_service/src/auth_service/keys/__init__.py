"""Signing keys: a directory of files that several replicas share, and the access tokens that are made with them."""

from auth_service.keys.directory import KeyDirectory
from auth_service.keys.exceptions import KeysError, KeysUnusable, RotationRefused
from auth_service.keys.issuer import IssuedToken, TokenIssuer
from auth_service.keys.rotation import Rotation, rotate
from auth_service.keys.signing_key import SigningKey

__all__ = [
    "IssuedToken",
    "KeyDirectory",
    "KeysError",
    "KeysUnusable",
    "Rotation",
    "RotationRefused",
    "SigningKey",
    "TokenIssuer",
    "rotate",
]
