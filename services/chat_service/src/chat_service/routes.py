"""Every route of this service, by domain."""

from fastapi import APIRouter

from chat_service.conversations.router import router as conversations
from chat_service.messages.router import router as messages

ROUTERS: tuple[APIRouter, ...] = (conversations, messages)
