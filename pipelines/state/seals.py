"""Seals: time stamps of an outside authority (RFC 3161) on the head of the audit chain.

Anyone who has the keys of a home could write another chain, with its copies. A seal cannot be
written later: it is a record, and the answer of an authority to the hash of the record, with the
authority's time and signature. The authority gets the hash alone. Seals are verified offline.
"""

import hashlib
import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from pipelines.errors import SchoolbellError, SettingsError, safe
from pipelines.settings.home import PRIVATE, SECRET_FILE, DistrictHome, make_folder, put_all
from pipelines.settings.model import Seal, Settings
from pipelines.state.audit import Head, parsed_head
from pipelines.state.connections import Store, fact
from pipelines.web import NearAddressError, Response, TooLargeError, asked

if TYPE_CHECKING:  # of the extra `seal`
    from cryptography import x509

SCHEMA = 1
PROBLEM = "seal_problem"
"""The fact with time and reason of a failure, until a seal succeeds."""
RECORD, ANSWER = ".json", ".tsr"
SECONDS = 30.0
MAX_BYTES = 65_536
"""Bytes of an answer: a signature and a few certificates."""
MAX_CLOCK = timedelta(hours=1)
"""Difference between the authority's time and this machine's; a larger one is a wrong clock."""
STILL_VALID = frozenset(("unspecified", "affiliationChanged", "superseded", "cessationOfOperation"))
"""Reasons of a revocation after which earlier time stamps stay valid (RFC 3161, section 4)."""
REASON = re.compile(r'(?:Verify error: ?|reason: ")([^"]+)"')
INSTALL = "pip install 'schoolbell[seal]'"


class SealError(SchoolbellError):
    """A record could not be time-stamped, or its time stamp is not valid."""

    command = "schoolbell audit verify"


@dataclass(frozen=True)
class Authority:
    """Certificates of a time authority, and its revocation lists, from one file of the operator.

    Attributes:
        policy: Policy that an answer must name; empty: any.
    """

    certificates: "tuple[x509.Certificate, ...]"
    revoked: "tuple[x509.CertificateRevocationList, ...]"
    policy: str = ""


@dataclass(frozen=True)
class Stamp:
    """A valid time stamp.

    Attributes:
        authority: Name in the certificate that signed it.
    """

    time: datetime
    authority: str


@dataclass(frozen=True)
class SealResult:
    """Result of the verification of a seal.

    Attributes:
        name: File name without its end.
        head: Head of the audit chain in the record; None if it has none.
        stamp: The valid time stamp; None if it is not valid.
        problem: Why it is not valid.
    """

    name: str
    head: Head | None
    stamp: Stamp | None = None
    problem: str = ""

    @property
    def line(self) -> str:
        """The result in one sentence."""
        if self.head is None or self.stamp is None:
            return f"The seal {self.name} is not valid: {self.problem}."
        time = self.stamp.time
        return (
            f"On {time:%B} {time.day}, {time:%Y} at {time:%H:%M} UTC, {self.stamp.authority} "
            f"time-stamped a record in which the audit chain ends at entry {self.head.number}."
        )


def record_text(
    home: str, day: str, head: Head, lines: dict[str, int], snapshot: dict[str, str] | None
) -> bytes:
    """Return the record of a seal: canonical JSON, without names and without log lines."""
    fields = {
        "schema": SCHEMA,
        "home": home,
        "day": day,
        "audit_head": str(head),
        "lines": lines,
        "snapshot": snapshot,
    }
    return json.dumps(fields, sort_keys=True, separators=(",", ":")).encode("ascii")


def authority_of(home: DistrictHome, wanted: Seal, path: Path | None = None) -> Authority:
    """Read the certificates of the authority.

    Args:
        path: Instead of the file in the settings.

    Raises:
        SealError: The extra is missing, or the file is not one of certificates.
    """
    if find_spec("rfc3161_client") is None:
        raise SealError("the extra seal is missing", remedy=f"Run: {INSTALL}")
    from cryptography import x509

    place = path or home.path / wanted.certificates
    try:
        data = place.read_bytes()
        certificates = tuple(x509.load_pem_x509_certificates(data))
        lists = data.split(b"-----BEGIN X509 CRL-----")[1:]
        begin = b"-----BEGIN X509 CRL-----"
        revoked = tuple(x509.load_pem_x509_crl(begin + one) for one in lists)
    except (OSError, ValueError) as error:
        raise SealError(
            "is not a file with the certificates (PEM) of the time authority",
            where=str(place),
            remedy="Put the authority's root certificate there; see [seal] in district.toml.",
        ) from error
    return Authority(certificates, revoked, wanted.policy)


def seal(
    home: DistrictHome,
    wanted: Seal,
    record: bytes,
    now: datetime,
    ask: Callable[..., Response] = asked,
) -> SealResult:
    """Have a record time-stamped, verify the answer, and store both.

    Args:
        ask: Sends one request.

    Raises:
        SealError: There was no answer, or it is not valid; nothing is stored.
    """
    authority = authority_of(home, wanted)
    from rfc3161_client import TimestampRequestBuilder

    request = TimestampRequestBuilder().data(record).build()
    answer = _answer(wanted.url, request.as_bytes(), ask)
    stamp = stamped(record, answer, authority, request.nonce)
    if abs(stamp.time - now) > MAX_CLOCK:
        raise SealError(
            f"its time, {stamp.time:%Y-%m-%d %H:%M} UTC, is not that of this machine, "
            f"{now.astimezone(UTC):%Y-%m-%d %H:%M} UTC",
            where=_host(wanted.url),
            remedy="Compare both clocks.",
        )
    make_folder(home.seals, PRIVATE)
    path = home.seals / f"{stamp.time:%Y%m%dT%H%M%SZ}{RECORD}"
    put_all({path.with_suffix(ANSWER): answer, path: record}, SECRET_FILE)
    return SealResult(path.stem, _head(record, path), stamp)


def _host(url: str) -> str:
    return urlsplit(url).hostname or url


def _answer(url: str, request: bytes, ask: Callable[..., Response]) -> bytes:
    """Return the bytes that an authority answers.

    Raises:
        SealError: There was no answer that can be used.
    """
    where = _host(url)
    try:
        answer = ask(
            "POST",
            url,
            seconds=SECONDS,
            most=MAX_BYTES,
            data=request,
            headers={"Content-Type": "application/timestamp-query", "User-Agent": "Schoolbell"},
            allow_redirects=False,
        )
    except TooLargeError as error:
        raise SealError(f"its answer has more than {MAX_BYTES:,} bytes", where=where) from error
    except NearAddressError as error:
        raise SealError(error.what, where=where, remedy=error.remedy) from error
    except OSError as error:  # of `requests` too
        raise SealError(f"no whole answer: {type(error).__name__}", where=where) from error
    if 300 <= answer.status < 400:
        raise SealError(
            f"it answers {answer.status}, a redirect, which is not followed",
            where=where,
            remedy="If the other address is the authority's own, write it as url of [seal].",
        )
    if answer.status != 200:
        raise SealError(f"it answers {answer.status}", where=where)
    return answer.data


def stamped(record: bytes, answer: bytes, authority: Authority, nonce: int | None = None) -> Stamp:
    """Return the time stamp of a record, after each of its parts is verified.

    Args:
        nonce: That of the request; None where it was not stored.

    Raises:
        SealError: The answer is not a valid time stamp of this record by this authority.
    """
    from cryptography import exceptions, x509
    from rfc3161_client import (
        PKIStatus,
        VerificationError,
        VerifierBuilder,
        decode_timestamp_response,
    )

    try:
        parsed = decode_timestamp_response(_ordered(answer))
        if parsed.status != PKIStatus.GRANTED:
            raise SealError("the authority refused to time-stamp it")
        verifier = VerifierBuilder(
            policy_id=x509.ObjectIdentifier(authority.policy) if authority.policy else None,
            roots=[*authority.certificates],
            nonce=nonce,
        ).build()
        verifier.verify_message(parsed, record)
        embedded = list(map(x509.load_der_x509_certificate, parsed.signed_data.certificates))
        (signed,) = parsed.signed_data.signer_infos
        time = parsed.tst_info.gen_time.astimezone(UTC)
        return Stamp(time, _signer(embedded, signed.serial_number, time, authority))
    except (  # the classes of the library have no common base
        ValueError,
        VerificationError,
        x509.InvalidVersion,
        x509.DuplicateExtension,
        x509.UnsupportedGeneralNameType,
        exceptions.InvalidSignature,
        exceptions.UnsupportedAlgorithm,
    ) as error:
        raise SealError(f"its time stamp cannot be verified: {_words(error)}") from error


def _ordered(answer: bytes) -> bytes:
    """Return an answer whose certificates are in the order of DER, which the library demands.

    OpenSSL, and authorities that use it, send them in another order. No signature covers them.

    Raises:
        ValueError: It is not an answer.
    """
    place = 0, len(answer)
    # response, token, its content, the signed data, and its certificates
    for number in (0, 1, 1, 0, 3):
        parts = list(_parts(answer, *place))
        if number >= len(parts):
            raise ValueError("it contains no time stamp")
        _, start, end = parts[number]
        place = start, end
    certificates = sorted(answer[start:end] for start, _, end in _parts(answer, *place))
    return answer[: place[0]] + b"".join(certificates) + answer[place[1] :]


def _parts(data: bytes, at: int, end: int) -> Iterator[tuple[int, int, int]]:
    """Yield start, start of the content, and end of each DER value of a range.

    Raises:
        ValueError: They do not fill it.
    """
    while at < end:
        head = data[at + 1 : at + 2]
        more = max(head[0] - 0x80, 0) if head else 0
        start = at + 2 + more
        size = int.from_bytes(data[at + 2 : start]) if more else (head[0] if head else end)
        if start + size > end:
            raise ValueError("it is not whole")
        yield at, start, start + size
        at = start + size


def _words(error: Exception) -> str:
    """Return why the library refuses; of an error of OpenSSL, its reason alone."""
    reasons = REASON.findall(str(error))
    text = reasons[-1] if reasons else str(error).partition("\n")[0]
    return safe(text[:200]).strip(" .") or type(error).__name__


def _signer(
    embedded: "Sequence[x509.Certificate]", serial: int, time: datetime, authority: Authority
) -> str:
    """Return the name of the signer, none of whose certificates is revoked.

    Raises:
        SealError: One was revoked before, or for a reason that makes each time stamp invalid.
    """
    from cryptography import x509

    for certificate in (*embedded, *authority.certificates):
        for listed in authority.revoked:
            if listed.issuer != certificate.issuer:
                continue
            entry = listed.get_revoked_certificate_by_serial_number(certificate.serial_number)
            if entry is not None and not _was_valid(entry, time):
                day = entry.revocation_date_utc.date()
                raise SealError(f"a certificate of the authority was revoked on {day}")
    (leaf,) = {one for one in embedded if one.serial_number == serial}
    for name in (x509.NameOID.COMMON_NAME, x509.NameOID.ORGANIZATION_NAME):
        for attribute in leaf.subject.get_attributes_for_oid(name):
            return safe(str(attribute.value)[:200])
    return "an authority without a name"


def _was_valid(entry: "x509.RevokedCertificate", time: datetime) -> bool:
    """Return whether the revocation of a certificate leaves a time stamp of `time` valid."""
    from cryptography import x509

    try:
        reason = entry.extensions.get_extension_for_class(x509.CRLReason).value.reason.value
    except x509.ExtensionNotFound:
        return False
    return reason in STILL_VALID and time < entry.revocation_date_utc


def newest_seal(home: DistrictHome) -> Path | None:
    """Return the record of the newest seal."""
    return max(home.seals.glob(f"*{RECORD}"), default=None)


def verified_seals(home: DistrictHome, authority: Authority) -> Iterator[SealResult]:
    """Yield the result of each seal of a home, oldest first."""
    for path in sorted(home.seals.glob(f"*{RECORD}")):
        head = None
        try:
            record = path.read_bytes()
            head = _head(record, path)
            stamp = stamped(record, path.with_suffix(ANSWER).read_bytes(), authority)
        except OSError:
            yield SealResult(path.stem, head, problem="a file of it is missing or cannot be read")
        except SchoolbellError as error:
            yield SealResult(path.stem, head, problem=error.what)
        else:
            yield SealResult(path.stem, head, stamp)


def _head(record: bytes, path: Path) -> Head:
    """Return the head of the audit chain in a record.

    Raises:
        SettingsError: The record contains none.
    """
    try:
        return parsed_head(json.loads(record)["audit_head"], str(path))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise SettingsError("its record is not readable", where=str(path)) from error


@dataclass(frozen=True)
class SealCheck:
    """Results of all seals of a home.

    Attributes:
        unchecked: Why none could be verified; empty if they were.
    """

    results: tuple[SealResult, ...] = ()
    unchecked: str = ""

    @property
    def wrong(self) -> list[str]:
        """A sentence for each seal that is not valid."""
        return [one.line for one in self.results if one.stamp is None]

    @property
    def lines(self) -> list[str]:
        """Sentences about the newest valid seal, or why none was verified."""
        if self.unchecked:
            return [f"Seals were not verified: {self.unchecked}."]
        valid = [one for one in self.results if one.stamp is not None]
        return [valid[-1].line] if valid else []

    def first_after(self, number: int) -> SealResult | None:
        """Return the first valid seal of a chain that contains an entry."""
        valid = (one for one in self.results if one.stamp is not None and one.head is not None)
        return next((one for one in valid if one.head and one.head.number >= number), None)


def check_seals(home: DistrictHome, settings: Settings, path: Path | None = None) -> SealCheck:
    """Verify each seal of a home, offline.

    Args:
        path: The file with the authority's certificates, instead of that in the settings.
    """
    if newest_seal(home) is None:
        return SealCheck()
    try:
        authority = authority_of(home, settings.seal, path)
    except SealError as error:
        return SealCheck(unchecked=f"{error.where}: {error.what}" if error.where else error.what)
    return SealCheck(tuple(verified_seals(home, authority)))


def seal_problem(store: Store, settings: Settings) -> str:
    """Return since when and why the audit chain could not be sealed; empty if it could."""
    if not settings.seal.url:
        return ""
    with store.reading() as transaction:
        failure = json.loads(fact(transaction, PROBLEM) or "{}")
    if not failure:
        return ""
    return f"the audit chain could not be sealed since {failure['time'][:10]}: {failure['problem']}"


def digest_of(path: Path) -> dict[str, str]:
    """Return name and SHA-256 of a snapshot."""
    with path.open("rb") as file:
        return {"name": path.name, "sha256": hashlib.file_digest(file, "sha256").hexdigest()}
