"""Every route of this service, by domain."""

from fastapi import APIRouter

from auth_service.accounts.router import router as accounts
from auth_service.audit.router import router as audit
from auth_service.invitations.router import router as invitations
from auth_service.organizations.router import router as organizations
from auth_service.roles.router import router as roles
from auth_service.sessions.router import router as sessions
from auth_service.users.router import router as users

ROUTERS: tuple[APIRouter, ...] = (accounts, sessions, invitations, users, roles, organizations, audit)
