"""Every route of this service, by domain."""

from fastapi import APIRouter

from auth_service.accounts.router import router as accounts
from auth_service.sessions.router import router as sessions

ROUTERS: tuple[APIRouter, ...] = (accounts, sessions)
