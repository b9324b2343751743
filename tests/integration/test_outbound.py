"""Requests to addresses that clients name: nobody is reached who is not meant to be, nobody hears more than he must."""

from __future__ import annotations

import asyncio
import gzip
import socket
import ssl
import subprocess
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import TypedDict, Unpack

import pytest

from reelwright.errors import (
    AddressRefused,
    ReelwrightError,
    RemoteRefused,
    RemoteUnavailable,
)
from reelwright.outbound import checked_connections, headers
from reelwright.outbound.allowed_addresses import OutboundRules
from reelwright.outbound.client import OutboundClient, RemoteAnswer
from reelwright.outbound.timeouts import Patience
from reelwright.outbound.url import Target
from reelwright.settings_reader import parse
from tests.support.remote import Answering, Call, Remote, head, saying

PATIENCE = Patience(total_s=20, stall_s=5)
ANY_PORT = "1-65535"


def client(
    *allowed: str, ports: str = ANY_PORT, names: Mapping[str, Sequence[Sequence[str]]] | None = None
) -> OutboundClient:
    """`names`: what looking up a name gives, the first time, the second ..."""
    settings = parse({"OUTBOUND_ALLOWED": ",".join(allowed), "OUTBOUND_PORTS": ports})
    left = {name: list(answers) for name, answers in (names or {}).items()}

    async def resolve(host: str, port: int) -> list[str]:
        answers = left[host]
        return list(answers.pop(0) if len(answers) > 1 else answers[0])

    rules = OutboundRules.of(settings)
    return OutboundClient(rules) if names is None else OutboundClient(rules, resolve=resolve)


class Asked(TypedDict, total=False):
    method: str
    headers: Mapping[str, str]
    secret_headers: Mapping[str, str]
    body: bytes
    max_redirects: int


async def fetched(
    by: OutboundClient, url: str, patience: Patience = PATIENCE, **more: Unpack[Asked]
) -> tuple[RemoteAnswer, bytes]:
    async with by.open(Target.read(url), patience=patience, **more) as answer:
        return answer, b"".join([chunk async for chunk in answer.chunks()])


@pytest.fixture(scope="module")
async def canary() -> AsyncIterator[Remote]:
    """Listens on every address of this machine, of either kind."""
    canary = Remote(saying(200, b"reached"))
    async with canary.running("0.0.0.0"):
        six = Remote(canary.answering, canary.calls)
        six._serve = canary._serve  # type: ignore[method-assign]
        async with six.running("::", canary.port) if _has_ipv6() else canary.running():
            yield canary


def _has_ipv6() -> bool:
    return Path("/proc/net/if_inet6").exists() and bool(Path("/proc/net/if_inet6").read_text())


FORBIDDEN = [
    # this machine, in every way to write it
    *("127.0.0.1", "127.0.0.2", "127.255.255.254", "0.0.0.0", "0", "127.1", "127.0.1", "2130706433", "0x7f000001"),
    *("0x7f.0.0.1", "0x7f.1", "017700000001", "0177.0.0.1", "0177.0.0.01", "127.0.0.1.", "127.0.0.1..", "127.0.0.1.0x"),
    *("localhost", "LOCALHOST", "localhost.", "%6c%6fcalhost", "127%2e0.0.1", "①②⑦.⓪.⓪.①", "１２７.０.０.１"),
    *("127。0。0。1", "127．0．0．1", "ⓛocalhost"),
    *("[::1]", "[::]", "[0:0:0:0:0:0:0:1]", "[::127.0.0.1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::1%25lo]"),
    *("[::1%lo]", "[fe80::1%25eth0]", "[v1.x]", "[127.0.0.1]", "::1", "[::ffff:0:127.0.0.1]"),
    # others of its network, and what stands for them
    *("10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "100.64.0.1", "169.254.169.254", "0xa9fea9fe"),
    *("192.0.0.8", "192.0.2.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "192.88.99.1", "224.0.0.1", "240.0.0.1"),
    *("255.255.255.255", "[fc00::1]", "[fd00:ec2::254]", "[fe80::1]", "[fec0::1]", "[ff02::1]", "[100::1]"),
    *("[2001:db8::1]", "[2001:db8::7f00:1]"),
    *("[64:ff9b::7f00:1]", "[64:ff9b:1::a00:1]", "[2002:7f00:1::]", "[2001:0:7f00:1::]", "[2001:10::1]", "[3fff::1]"),
    *("[2a00::5efe:7f00:1]", "[5f00::1]", "[4000::1]"),
]  # fmt: skip
UNREADABLE = [
    "ftp://{host}/", "file:///etc/passwd", "gopher://{host}/", "unix:/run/x", "//{host}/", "http:/{host}/",
    "http:{host}",
    "http://user@{host}/", "http://user:secret@{host}/", "http://@{host}/", "http://example.org@{host}/",
    "http://{host}\\@example.org/", "http:\\\\{host}/", "http://example.org\\.{host}/",
    "http://{host}\t/", " http://{host}/", "http://exa\nmple.org/", "http://\x00{host}/", "http://{host}:0/",
    "http://{host}:99999/", "http://{host}:-1/", "http://{host}:080/", "http://{host}:８０/", "http:///x", "http://:80/",
    "http://[{host}/", "http://{host}]/", "http://..{host}/", "javascript:alert(1)", "", "http://", "https",
]  # fmt: skip


@pytest.mark.parametrize("host", FORBIDDEN)
async def test_no_forbidden_address_is_connected_to(host: str, canary: Remote) -> None:
    """However it is written, by itself or where a redirect leads. The refusal does not repeat the address."""
    before = canary.connections
    with pytest.raises((AddressRefused, RemoteRefused)):
        await fetched(client(), f"http://{host}:{canary.port}/?secret=1")
    leading = Remote(saying(302, Location=f"http://{host.encode().decode('latin-1')}:{canary.port}/"))
    trusting = client("front.example", names={"front.example": [["127.0.0.1"]], "localhost": [["127.0.0.1"]]})
    async with leading.running():
        with pytest.raises((AddressRefused, RemoteRefused)):
            await fetched(trusting, leading.url(host="front.example"))
    assert len(leading.calls) == 1
    assert canary.connections == before


@pytest.mark.parametrize("form", UNREADABLE)
async def test_what_is_no_plain_address_is_refused(form: str, canary: Remote) -> None:
    """What browsers would repair, each in its own way, is not guessed at, though this machine is allowed here."""
    before = canary.connections
    with pytest.raises(AddressRefused) as refused:
        await fetched(client("127.0.0.0/8"), form.replace("{host}", f"127.0.0.1:{canary.port}"))
    assert "secret" not in refused.value.detail
    assert canary.connections == before


async def test_names_are_looked_up_once_and_all_their_addresses_count(canary: Remote) -> None:
    """A name with one bad address among good ones is refused; one that changes between look-ups is connected to where
    it was when it was checked, and checked anew for the next hop."""
    url = canary.url(host="rebound.example")
    before = canary.connections
    for answers in (
        [["127.0.0.1"]],
        [["93.184.216.34", "127.0.0.1"]],
        [["::ffff:127.0.0.1"]],
        [["2606:2800:220:1::1", "fe80::1%eth0"]],
        [["169.254.169.254"]],
    ):
        with pytest.raises(AddressRefused, match=r"leads to rebound\.example, which is not on the public internet"):
            await fetched(client(names={"rebound.example": answers}), url)
    assert canary.connections == before
    # 127.0.0.2 alone is allowed: the second look-up would lead elsewhere, if there were one
    only = client("127.0.0.2", names={"rebound.example": [["127.0.0.2"], ["127.0.0.1"]]})
    assert (await fetched(only, url))[1] == b"reached"
    with pytest.raises(AddressRefused):
        await fetched(only, url)
    assert canary.connections == before + 1


@pytest.mark.parametrize(
    ("failure", "told", "words"),
    [
        (socket.gaierror(socket.EAI_AGAIN, "again"), RemoteUnavailable, "could not be looked up$"),
        (socket.gaierror(socket.EAI_NONAME, "none"), RemoteRefused, "there is no host"),
        (UnicodeError("label too long"), RemoteRefused, "there is no host"),
        (None, RemoteRefused, "there is no host"),
    ],
)
async def test_a_name_that_is_none_is_told_from_a_resolver_that_is_away(
    failure: Exception | None, told: type[Exception], words: str
) -> None:
    """Only the latter is worth another try."""

    async def resolve(host: str, port: int) -> list[str]:
        if failure is not None:
            raise failure
        return []

    with pytest.raises(told, match=words):
        await fetched(OutboundClient(OutboundRules.of(parse({})), resolve=resolve), "https://nobody.example/")


async def test_a_look_up_has_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checked_connections, "LOOK_UP_S", 0.01)

    async def resolve(host: str, port: int) -> list[str]:
        await asyncio.sleep(60)
        return []

    with pytest.raises(RemoteUnavailable, match=r"could not be looked up in 0\.01 s"):
        await fetched(OutboundClient(OutboundRules.of(parse({})), resolve=resolve), "https://slow.example/")


async def test_ports_and_hosts_are_as_the_settings_say(canary: Remote) -> None:
    port = canary.port
    assert (await fetched(client("127.0.0.0/8", ports=f"443,{port}"), canary.url()))[1] == b"reached"
    assert (await fetched(client("127.0.0.1", ports=f"{port - 1}-{port}"), canary.url()))[1] == b"reached"
    named = {"media.internal": [["127.0.0.1"]], "a.corp.example": [["127.0.0.1"]], "corp.example": [["127.0.0.1"]]}
    by_name = client("media.internal", "*.corp.example", names=named)
    for host in ("media.internal", "MEDIA.internal.", "a.corp.example"):
        assert (await fetched(by_name, canary.url(host=host)))[1] == b"reached"
    before = canary.connections
    for by, url, said in (
        (client("127.0.0.1", ports="80,443"), canary.url(), f"port {port}, which OUTBOUND_PORTS does not name"),
        (by_name, canary.url(host="corp.example"), "OUTBOUND_ALLOWED may name it"),
        (client("10.0.0.0/8"), canary.url(), "not on the public internet"),
    ):
        with pytest.raises(AddressRefused, match=said):
            await fetched(by, url)
    assert canary.connections == before


async def test_redirects_are_followed_and_tell_nobody_else_what_was_for_the_first(
    canary: Remote, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Five of them; the client's headers go to the first origin alone, no cookie goes anywhere, no proxy is asked."""
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{canary.port}")
    before = canary.connections
    first, other = Remote(saying(500)), Remote(saying(500))

    async def lead(call: Call, writer: asyncio.StreamWriter) -> None:
        places = {"/": "/2", "/2": other.url("/3"), "/3": first.url("/4"), "/4": "http:5", "/5": "?end=", "/5?end=": ""}
        if places[call.path]:
            await saying(302, b"x" * 10_000, Location=places[call.path], Set_Cookie="session=1; Path=/")(call, writer)
        else:
            await saying(200, b"there")(call, writer)

    first.answering = other.answering = lead
    async with first.running(), other.running():
        secret = {"Authorization": "Bearer s3cret", "Cookie": "mine=1"}
        answer, body = await fetched(
            client("127.0.0.1"), first.url("/"), secret_headers=secret, headers={"Range": "bytes=0-"}
        )
        assert (body, answer.target.whole) == (b"there", first.url("/5?end="))
        assert [call.path for call in first.calls] == ["/", "/2", "/4", "/5", "/5?end="]
        assert [call.headers.get("authorization") for call in first.calls] == ["Bearer s3cret"] * 2 + [None] * 3
        assert [call.headers.get("cookie") for call in first.calls] == ["mine=1"] * 2 + [None] * 3
        (elsewhere,) = other.calls
        assert set(elsewhere.headers) == {"host", "user-agent", "accept", "range"}
        assert elsewhere.headers["host"] == f"127.0.0.1:{other.port}"
        first.answering = saying(302, Location="/")
        first.calls.clear()
        with pytest.raises(RemoteRefused, match="more than 5 redirects"):
            await fetched(client("127.0.0.1"), first.url("/"))
        assert len(first.calls) == 6
        answer, _ = await fetched(client("127.0.0.1"), first.url("/"), method="POST", body=b"{}", max_redirects=0)
        assert (answer.status, first.calls[-1].method, first.calls[-1].body) == (302, "POST", b"{}")
    assert canary.connections == before


async def _drip(call: Call, writer: asyncio.StreamWriter) -> None:
    """A byte each twentieth of a second, where the path says it: of the head, of chunks' sizes, of the body."""
    if call.path != "/head":
        writer.write(
            head(200, **({"Transfer_Encoding": "chunked"} if call.path == "/chunks" else {"Content_Length": 10**6}))
        )
    while not writer.is_closing():
        writer.write(b"X" if call.path != "/chunks" else b"0")
        await writer.drain()
        await asyncio.sleep(0.05)


async def _mute(call: Call, writer: asyncio.StreamWriter) -> None:
    writer.write(head(200, Content_Length=10) + b"12345")
    await writer.wait_closed()


async def _endless(call: Call, writer: asyncio.StreamWriter) -> None:
    writer.write(head(200))
    while not writer.is_closing():
        writer.write(b"\0" * 2**16)
        await writer.drain()


@pytest.mark.parametrize(
    ("answering", "path", "patience", "code"),
    [
        (_drip, "/", Patience(20, 0.5), "remote_stalled"),
        (_drip, "/head", Patience(20, 0.5), "remote_stalled"),
        (_drip, "/chunks", Patience(20, 0.5), "remote_stalled"),
        (_drip, "/", Patience(0.5, 5), "timed_out"),
        (_mute, "/", Patience(20, 0.3), "remote_stalled"),
        (_endless, "/", Patience(0.3, 5), "timed_out"),
        (saying(200, b"12345", Content_Encoding="br"), "/", PATIENCE, "remote_refused"),
        (saying(200, b"12345", Content_Encoding="gzip"), "/", PATIENCE, "remote_refused"),
        (saying(200, gzip.compress(b"1" * 9999)[:-9], Content_Encoding="gzip"), "/", PATIENCE, "remote_unavailable"),
    ],
)  # fmt: skip
async def test_what_does_not_end_is_ended(answering: Answering, path: str, patience: Patience, code: str) -> None:
    """In the time that is given, however the other side spends it."""
    async with Remote(answering).running() as remote:
        began = time.monotonic()
        with pytest.raises(ReelwrightError) as failed:
            await fetched(client("127.0.0.1"), remote.url(path), patience)
        assert failed.value.code == code
        assert time.monotonic() - began < 4


async def test_what_came_packed_is_unpacked_a_little_at_a_time() -> None:
    """Though it was not asked for; a hundred bytes that stand for megabytes come as many pieces."""
    packed = gzip.compress(b"\0" * 10**7) + gzip.compress(b"end")
    async with (
        Remote(saying(200, packed, Content_Encoding="gzip")).running() as remote,
        client("127.0.0.1").open(Target.read(remote.url()), patience=PATIENCE) as answer,
    ):
        chunks = [chunk async for chunk in answer.chunks()]
    assert (sum(map(len, chunks)), chunks[-1][-3:]) == (10**7 + 3, b"end")
    assert max(map(len, chunks)) <= 2**18


async def test_nobody_there_is_told_from_nobody_known(canary: Remote) -> None:
    async with Remote(saying(200)).running() as gone:
        pass
    with pytest.raises(RemoteUnavailable, match=f"no connection to 127.0.0.1 on port {gone.port}"):
        await fetched(client("127.0.0.1"), gone.url())
    with pytest.raises(RemoteRefused, match=r"there is no host no\.such\.invalid"):
        await fetched(client(), "http://no.such.invalid/")


def test_an_address_is_sent_as_it_was_written() -> None:
    """But for letters beyond ASCII; what follows # is for browsers."""
    read = Target.read("HTTPS://Media.Example.org.:443/a%2Fb/ü;v=1?sig=a%2Bb/c==&x[]=1#@127.0.0.1/")
    assert read.origin == ("https", "media.example.org", 443)
    assert read.whole == "https://media.example.org/a%2Fb/%C3%BC;v=1?sig=a%2Bb/c==&x[]=1"
    assert read.shown == "https://media.example.org/a%2Fb/%C3%BC;v=1?..."
    assert Target.read("http://[2606:2800:220:1:0::1]:8080").whole == "http://[2606:2800:220:1::1]:8080/"
    with pytest.raises(AddressRefused, match=r"write xn--bcher-kva\.example"):
        Target.read("https://bücher.example/")


def test_headers_that_the_request_needs_itself_are_not_taken() -> None:
    good = {"Authorization": "Bearer x", "X-Api-Key": "é", "Cookie": "a=b; c=d", "Accept": "video/*"}
    assert headers.faults(good) == {}
    for name in ("Host", "content-length", "Transfer-Encoding", "Range", "Proxy-Authorization", "a b", "", "é", "x:y"):
        assert list(headers.faults({name: "1"})) == [name]
    for value in ("a\r\nb: c", "a\nb", "\0", " a", "", "a ", "\u2028"):
        assert list(headers.faults({"X": value})) == ["X"]
    assert list(headers.faults({"X": "1", "x": "2"})) == ["x"]
    assert list(headers.faults({"X": "1" * 9000})) == [""]


@pytest.fixture(scope="module")
def certificates(folder: Path) -> Path:
    """Of an authority of the test's own, for the name media.example."""
    subject = ("-subj", "/CN=media.example", "-addext", "subjectAltName=DNS:media.example")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
         *subject, "-keyout", folder / "key.pem", "-out", folder / "cert.pem"], check=True, capture_output=True,
    )  # fmt: skip
    return folder


@pytest.mark.needs("openssl")
async def test_the_certificate_is_that_of_the_name(certificates: Path) -> None:
    """The connection goes to the address that was checked, the name is asked for and verified all the same."""
    serving = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    serving.load_cert_chain(certificates / "cert.pem", certificates / "key.pem")
    trusting = ssl.create_default_context(cafile=certificates / "cert.pem")
    names: list[str] = []
    serving.sni_callback = lambda _socket, name, _context: names.append(name)
    remote = Remote(saying(200, b"secure"))
    server = await asyncio.start_server(remote._serve, "127.0.0.1", 0, ssl=serving)
    port = server.sockets[0].getsockname()[1]

    async def resolve(host: str, port: int) -> list[str]:
        return ["127.0.0.1"]

    rules = OutboundRules.of(parse({"OUTBOUND_ALLOWED": "127.0.0.1", "OUTBOUND_PORTS": ANY_PORT}))
    by = OutboundClient(rules, resolve=resolve, ssl_context=trusting)
    assert (await fetched(by, f"https://media.example:{port}/"))[1] == b"secure"
    with pytest.raises(RemoteRefused, match=r"the certificate of other\.example is not good"):
        await fetched(by, f"https://other.example:{port}/")
    with pytest.raises(RemoteRefused, match="certificate"):
        await fetched(OutboundClient(rules, resolve=resolve), f"https://media.example:{port}/")
    assert names[0] == "media.example"
    assert len(remote.calls) == 1
    server.close()
