"""Routes of people's own accounts."""

from typing import Annotated

from fastapi import APIRouter, Response, status

from auth_service.accounts.new_account import NewAccount
from auth_service.accounts.schemas import Me, MeChange, PasswordChange, SignUp, SignUpTaken
from auth_service.accounts.service import AccountService, NewPassword
from auth_service.accounts.signing_up import SignUpService
from auth_service.dependencies import FromCaller
from auth_service.wire import SMALL_BODY
from lyceum_web.etags import IfMatch, etag
from lyceum_web.limits import allowing
from lyceum_web.openapi import problems
from lyceum_web.provided import provided
from lyceum_web.security import CurrentPrincipal, public, requires_login

Accounts = Annotated[AccountService, provided(AccountService)]
SigningUp = Annotated[SignUpService, provided(SignUpService)]

router = APIRouter(prefix="/v1", tags=["accounts"])


@router.post(
    "/signup",
    status_code=status.HTTP_202_ACCEPTED,
    dependencies=[public()],
    responses=problems("weak_password", "rate_limited", "overloaded"),
)
@allowing(body_bytes=SMALL_BODY)
def sign_up(body: SignUp, signing_up: SigningUp, caller: FromCaller) -> SignUpTaken:
    """Make an account, as a student. The answer is the same whether or not the address had one."""
    account = NewAccount(
        email=body.email, password=body.password.get_secret_value(), name=body.name, locale=body.locale, tz=body.tz
    )
    signing_up.sign_up(account, caller)
    return SignUpTaken()


@router.get("/me", dependencies=[requires_login()])
def read_me(accounts: Accounts, principal: CurrentPrincipal, response: Response) -> Me:
    """Show who is signed in, and what they may do in the organization that they are signed in to."""
    found = accounts.read(principal.user_id, principal.org_id)
    response.headers["ETag"] = etag(found.user.version)
    return Me.of(found.user, found.organization, principal)


@router.patch("/me", dependencies=[requires_login()])
@allowing(body_bytes=SMALL_BODY)
def change_me(
    body: MeChange, accounts: Accounts, principal: CurrentPrincipal, if_match: IfMatch, response: Response
) -> Me:
    """Change your name, language or time zone."""
    found = accounts.read(principal.user_id, principal.org_id)
    if_match.require(found.user.version)
    saved = accounts.change(found.user, body.model_dump(exclude_none=True))
    response.headers["ETag"] = etag(saved.version)
    return Me.of(saved, found.organization, principal)


@router.put(
    "/me/password",
    status_code=status.HTTP_204_NO_CONTENT,
    dependencies=[requires_login()],
    responses=problems("wrong_password", "weak_password", "rate_limited", "overloaded"),
)
@allowing(body_bytes=SMALL_BODY)
def change_password(body: PasswordChange, accounts: Accounts, principal: CurrentPrincipal, caller: FromCaller) -> None:
    """Change the password. This session goes on, all others end."""
    wish = NewPassword(
        user_id=principal.user_id,
        session_id=principal.session_id,
        org_id=principal.org_id,
        current=body.current_password.get_secret_value(),
        new=body.new_password.get_secret_value(),
    )
    accounts.change_password(wish, caller)
