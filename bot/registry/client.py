"""HTTP client of the registry: each call returns a validated response or raises a RegistryError.

The client never retries a call. The job that made a write retries the write. After an unknown
outcome the job first looks the write up by its idempotency key. aiohttp itself resends a PUT when
its connection breaks, as RFC 9110, 9.2.2 allows; the idempotency key prevents a second effect.
"""

import base64
import time
from collections.abc import AsyncIterator, Callable
from urllib.parse import quote_plus, urlencode

from aiohttp import (
    ClientConnectorCertificateError,
    ClientConnectorError,
    ClientError,
    ClientSession,
    ClientTimeout,
    ConnectionTimeoutError,
)
from pydantic import ConfigDict, TypeAdapter
from yarl import URL

from bot.observability import metrics, tracing
from bot.registry.access_tokens import AccessTokens
from bot.registry.circuit_breaker import Breaker
from bot.registry.client_certificate import ClientCertificate, is_refused
from bot.registry.contract import (
    Acknowledgement,
    ConsentWithdrawal,
    Found,
    History,
    Key,
    Milestone,
    Number,
    PreRegistration,
    QuestionAnswer,
    Reference,
    ReferenceItem,
    ReferenceKind,
    Token,
)
from bot.registry.documents import Document, DocumentLabel, Documents
from bot.registry.errors import Misconfigured, RegistryError, Unavailable
from bot.registry.households import Household, HouseholdInviting, HouseholdJoining
from bot.registry.http import (
    Answer,
    Call,
    Contents,
    TooLong,
    contract_broken,
    held_in,
    objection,
    read_answer,
)
from bot.registry.planning import Dimension, Figures
from bot.registry.scopes import Scope, scope_of

_CONNECT_SHARE = 0.5
# Maximum bytes of a response with counts of registered people. The contract allows 10,000 counts,
# each with about 30 characters that say what is counted.
_FIGURES_LIMIT = 1024 * 1024
_NO_INPUT_IN_ERRORS = ConfigDict(hide_input_in_errors=True)
_NUMBER: TypeAdapter[str] = TypeAdapter(Number, config=_NO_INPUT_IN_ERRORS)
_KEY: TypeAdapter[str] = TypeAdapter(Key, config=_NO_INPUT_IN_ERRORS)


class Registry:
    """Client of the registry at `url`, over a shared session; `deadline` limits a call in seconds.

    The client signs in by a client assertion if it has a `signing_key` (PEM, P-256). Without one it
    uses mutual TLS if it has a `certificate`, and otherwise its secret. The constructor raises
    `Misconfigured` (E_REGISTRY_URL) for a URL with a user, a query or a fragment; `settings`
    rejects a URL without TLS.
    """

    def __init__(
        self,
        session: ClientSession,
        url: str,
        client_id: str,
        client_secret: str,
        *,
        signing_key: str | None = None,
        certificate: ClientCertificate | None = None,
        deadline: float = 20.0,
        breaker: Breaker | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._session = session
        self._url = _parse_url(url)
        # RFC 6749, 2.3.1: form-encode id and secret before joining them for HTTP Basic.
        pair = f"{quote_plus(client_id)}:{quote_plus(client_secret)}".encode()
        self._client_id, self._signing_key = client_id, signing_key
        self._login = "Basic " + base64.b64encode(pair).decode()
        self._deadline = deadline
        self._breaker = breaker or Breaker()
        self._clock = clock
        self._certificate = certificate
        self._tokens = AccessTokens(clock)

    async def create(self, body: PreRegistration, *, key: str) -> Acknowledgement:
        """Register a person; `key` is the idempotency key, which is the same in every retry."""
        return await self._write(Call("POST", "v1/pre-registrations", _key(key), body=body))

    async def amend(self, number: str, body: PreRegistration, *, key: str) -> Acknowledgement:
        """Replace the whole content of the registration `number`."""
        path = f"v1/pre-registrations/{_number(number)}"
        return await self._write(Call("PUT", path, _key(key), body=body), number)

    async def answer(self, number: str, body: QuestionAnswer, *, key: str) -> Acknowledgement:
        """Answer a question of the registry.

        Raises `Refused` (no-question) if the question is no longer open.
        """
        path = f"v1/pre-registrations/{_number(number)}/answers"
        return await self._write(Call("POST", path, _key(key), body=body), number)

    async def withdraw(self, number: str, *, key: str) -> Acknowledgement:
        """Withdraw the registration `number`; the registry keeps its content."""
        path = f"v1/pre-registrations/{_number(number)}/withdrawal"
        return await self._write(Call("POST", path, _key(key)), number)

    async def withdraw_consent(self, body: ConsentWithdrawal, *, key: str) -> Acknowledgement:
        """Withdraw consent: the registry withdraws the registration and erases its content."""
        return await self._write(Call("POST", "v1/consents", _key(key), body=body), body.number)

    async def upload(
        self, number: str, label: DocumentLabel, contents: Contents, *, key: str
    ) -> Document:
        """Stream a document to a registration; `key` is the idempotency key of all attempts."""
        path = f"v1/pre-registrations/{_number(number)}/documents"
        call = Call("POST", path, _key(key), contents=contents, about=label.headers())
        with self._breaker.guard():
            document = (await self._answer(call)).holds(Document)
            if document is None:
                raise call.lost_response(
                    "E_REGISTRY_ANSWER", "the registry's answer is not as agreed"
                )
            if (document.number, document.idempotency_key, document.sha256) != (
                number,
                key,
                label.sha256,
            ):
                raise call.lost_response(
                    "E_REGISTRY_MISMATCH", "the answer belongs to another request"
                )
            return document

    async def documents(self, number: str) -> tuple[Document, ...]:
        """Return the documents of a registration, each with the idempotency key of its upload."""
        call = Call("GET", f"v1/pre-registrations/{_number(number)}/documents")
        items = held_in(Documents, await self._ask(call)).items
        if any(item.number != number for item in items):
            raise contract_broken()
        return items

    async def invite(self, number: str, body: HouseholdInviting, *, key: str) -> Household:
        """Return the registration's household with a valid invitation code.

        The registry creates a missing household, and a new code if there is no valid one.
        """
        path = f"v1/pre-registrations/{_number(number)}/household-invitation"
        return await self._link(Call("POST", path, _key(key), body=body), number)

    async def join(self, number: str, body: HouseholdJoining, *, key: str) -> Household:
        """Join the household that a code belongs to.

        Raises `Refused` (not-found) for an invalid code.
        """
        path = f"v1/pre-registrations/{_number(number)}/household"
        return await self._link(Call("PUT", path, _key(key), body=body), number)

    async def leave(self, number: str, *, key: str) -> Household:
        """Remove a registration from its household; return the household as it is afterwards."""
        path = f"v1/pre-registrations/{_number(number)}/household"
        return await self._link(Call("DELETE", path, _key(key)), number)

    async def household(self, number: str) -> Household:
        """Return the household of a registration: people who move together and agreed to be linked.

        In the result, `household` is None if the registration belongs to no household.
        """
        call = Call("GET", f"v1/pre-registrations/{_number(number)}/household")
        household = held_in(Household, await self._ask(call))
        if household.number != number:
            raise contract_broken()
        return household

    async def read(self, number: str) -> Acknowledgement:
        """Return the current state of a registration.

        Raises `Refused` (not-found) if the number is unknown.
        """
        call = Call("GET", f"v1/pre-registrations/{_number(number)}")
        acknowledgement = held_in(Acknowledgement, await self._ask(call))
        if acknowledgement.number != number:
            raise contract_broken()
        return acknowledgement

    async def history(self, number: str) -> tuple[Milestone, ...]:
        """Return the states of a registration and its steps on the Kandas platform, oldest first.

        On the Kandas platform of Kazakhstan, ethnic Kazakhs apply for the status of kandas.
        """
        call = Call("GET", f"v1/pre-registrations/{_number(number)}/history")
        history = held_in(History, await self._ask(call))
        if history.number != number:
            raise contract_broken()
        return history.items

    async def find(self, key: str) -> Acknowledgement | None:
        """Return the registration that the write with this idempotency key created or changed.

        Return None if the registry never received the write.
        """
        call = Call("GET", "v1/pre-registrations", query={"idempotency_key": _key(key)})
        items = held_in(Found, await self._ask(call)).items
        if any(item.idempotency_key != key for item in items):
            raise contract_broken()
        return items[0] if items else None

    async def reference(self, kind: ReferenceKind) -> tuple[ReferenceItem, ...]:
        """Return the registry's current codes of one kind, such as `regions`."""
        reference = held_in(Reference, await self._ask(Call("GET", f"v1/reference/{kind}")))
        if reference.kind != kind:
            raise contract_broken()
        return reference.items

    async def planning(self, by: tuple[Dimension, ...], *, officer: str) -> Figures:
        """Return the last released counts of people by one or two dimensions, such as region.

        `officer` is the officer's id, which the registry writes to its audit log. Raises `Refused`
        (not-found) before the first release.
        """
        about = {"Acting-Officer": officer}
        call = Call("GET", "v1/planning", query={"by": by}, about=about, limit=_FIGURES_LIMIT)
        figures = held_in(Figures, await self._ask(call))
        if set(figures.by) != set(by) or any(len(each.values) != len(by) for each in figures.cells):
            raise contract_broken()
        return figures

    async def _write(self, call: Call, number: str | None = None) -> Acknowledgement:
        with self._breaker.guard():
            acknowledgement = (await self._answer(call)).holds(Acknowledgement)
            if acknowledgement is None:
                raise call.lost_response(
                    "E_REGISTRY_ANSWER", "the registry's answer is not as agreed"
                )
            # A response with another key or number belongs to another call.
            if acknowledgement.idempotency_key != call.key or (
                number is not None and acknowledgement.number != number
            ):
                raise call.lost_response(
                    "E_REGISTRY_MISMATCH", "the answer belongs to another request"
                )
            return acknowledgement

    async def _link(self, call: Call, number: str) -> Household:
        with self._breaker.guard():
            household = (await self._answer(call)).holds(Household)
            if household is None:
                raise call.lost_response(
                    "E_REGISTRY_ANSWER", "the registry's answer is not as agreed"
                )
            if (household.number, household.idempotency_key) != (number, call.key):
                raise call.lost_response(
                    "E_REGISTRY_MISMATCH", "the answer belongs to another request"
                )
            return household

    async def _ask(self, call: Call) -> Answer:
        with self._breaker.guard():
            return await self._answer(call)

    async def _answer(self, call: Call) -> Answer:
        with metrics.time_call("registry"), tracing.span("registry", method=call.method.lower()):
            return await self._request(call)

    async def _request(self, call: Call) -> Answer:
        ends = self._clock() + self._deadline * call.timeout_factor
        token = await self._access(call, ends)
        answer = await self._exchange(call, token, ends)
        if answer.status == 401:
            self._tokens.forget(token)
            answer = await self._exchange(call, await self._access(call, ends), ends)
        if answer.status not in (200, 201):
            raise objection(call, answer)
        return answer

    async def _exchange(self, call: Call, token: str, ends: float) -> Answer:
        headers = {"Authorization": f"Bearer {token}"} | call.headers()
        return await self._send(call, headers, call.data(), ends)

    async def _send(
        self,
        call: Call,
        headers: dict[str, str],
        data: bytes | AsyncIterator[bytes] | None,
        ends: float,
    ) -> Answer:
        url = (self._url / call.path).with_query(call.query)
        left = max(ends - self._clock(), 0.001)
        try:
            async with self._session.request(
                call.method,
                url,
                data=data,
                headers=headers | {"Accept": "application/json", "Accept-Encoding": "identity"},
                allow_redirects=False,
                ssl=self._certificate.identity().context if self._certificate else True,
                # The connect timeout is separate, because its outcome is known: without a
                # connection nothing was sent.
                timeout=ClientTimeout(total=left, connect=left * _CONNECT_SHARE),
            ) as response:
                return await read_answer(response, call.limit)
        except ClientError as error:
            raise await self._failure(call, error) from None
        except TimeoutError:
            raise call.lost_response("E_REGISTRY_TIMEOUT", "no answer came in time") from None
        except TooLong:
            raise call.lost_response(
                "E_REGISTRY_INCOMPLETE_RESPONSE", "the answer broke off"
            ) from None

    async def _failure(self, call: Call, error: ClientError) -> RegistryError:
        """Return the RegistryError for a failed connection.

        For a write, the error is `Unavailable` only if no part of the request can have been sent.
        """
        match error:
            case ClientConnectorCertificateError():
                return Misconfigured("E_REGISTRY_TLS", "the registry's certificate is wrong")
            case _ if not call.is_write and await self._is_certificate_refused():
                message = "the registry refuses our client certificate"
                return Misconfigured("E_REGISTRY_CERTIFICATE", message)
            case ClientConnectorError() | ConnectionTimeoutError():
                return Unavailable("E_REGISTRY_UNREACHABLE", "no connection to the registry")
            case TimeoutError():
                return call.lost_response("E_REGISTRY_TIMEOUT", "no answer came in time")
            case _:
                return call.lost_response("E_REGISTRY_INCOMPLETE_RESPONSE", "the answer broke off")

    async def _is_certificate_refused(self) -> bool:
        if self._certificate is None or self._url.host is None:
            return False
        port = self._url.port or 443
        return await is_refused(self._url.host, port, self._certificate.identity())

    async def _access(self, call: Call, ends: float) -> str:
        """Return an access token that has only the scope of this call."""
        scope = scope_of(call.method, call.path)
        thumbprint = self._certificate.identity().thumbprint if self._certificate else ""
        return await self._tokens.get(scope, thumbprint, lambda: self._renew(scope, ends))

    async def _renew(self, scope: Scope, ends: float) -> Token:
        call = Call("POST", "oauth/token")
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        form = {"grant_type": "client_credentials", "scope": scope}
        if self._signing_key is None and self._certificate is not None:
            form["client_id"] = self._client_id
        elif self._signing_key is None:
            headers["Authorization"] = self._login
        else:
            # Few installations have a signing key, and the library for it takes 2 MB.
            from bot.registry.client_assertion import ASSERTION_TYPE, assertion

            signed = assertion(self._client_id, str(self._url / call.path), self._signing_key)
            form |= {"client_assertion_type": ASSERTION_TYPE, "client_assertion": signed}
        answer = await self._send(call, headers, urlencode(form).encode(), ends)
        if answer.status == 400 and b"invalid_scope" in answer.body:
            raise Misconfigured("E_REGISTRY_SCOPE", f"the registry does not grant {scope}")
        if answer.status in (400, 401):
            raise Misconfigured("E_REGISTRY_LOGIN", "the registry does not know this client")
        if answer.status != 200:
            raise objection(call, answer)
        return held_in(Token, answer)


def _key(key: str) -> str:
    return _KEY.validate_python(key)


def _number(number: str) -> str:
    return _NUMBER.validate_python(number)


def _parse_url(text: str) -> URL:
    try:
        url = URL(text)
    except ValueError:
        url = URL()
    whole = url.scheme in ("https", "http") and url.host
    if not whole or url.user or url.password or url.query_string or url.fragment:
        raise Misconfigured("E_REGISTRY_URL", "the registry's address is not a plain one")
    return url
