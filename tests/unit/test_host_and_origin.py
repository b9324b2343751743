"""Whom the API answers: by the name it was called, and by the page that calls it."""

from __future__ import annotations

import socket

import pytest

from reelwright.api.http.host_and_origin import HostNames, cross_origin
from reelwright.settings_reader import SettingsError, parse

OURS = ("https://app.example",)


def status(host: str, **settings: str) -> int:
    """With which status a request under this name is refused, 200: it is not."""
    refusal = HostNames(parse(settings)).refusal(host)
    return 200 if refusal is None else refusal.status


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "localhost:8000",
        "LocalHost.:80",
        "127.0.0.1",
        "127.0.0.1:65535",
        "192.168.1.20:8000",
        "[::1]",
        "[::1]:8000",
        "[fe80::1]",
        "[::ffff:10.0.0.1]:1",
        socket.gethostname(),
        f"{socket.gethostname().partition('.')[0].upper()}:8000",
    ],
)
def test_this_machine_and_every_address_are_taken_by_themselves(host: str) -> None:
    """No page that was rebound comes under them."""
    assert status(host) == 200


@pytest.mark.parametrize(
    "host",
    [
        *(
            "evil.test",
            "evil.test:8000",
            "localhost.evil.test",
            "127.0.0.1.evil.test:8000",
            "1.evil.test",
            "xlocalhost",
        ),
        *("2130706433", "0x7f.0.0.1", "127.1", "0177.0.0.1"),
    ],
)
def test_other_names_are_not_ours(host: str) -> None:
    """421, with the name of the setting and what to put there."""
    refusal = HostNames(parse({})).refusal(host)
    assert refusal is not None
    assert refusal.status == 421
    name = host.partition(":")[0]
    assert f"ALLOWED_HOSTS={name} " in refusal.detail


@pytest.mark.parametrize(
    "host",
    [
        *(
            "",
            " ",
            ":80",
            "a b",
            "a,b",
            "localhost:",
            "localhost:x",
            "localhost:99999",
            "user@localhost",
            "http://localhost",
        ),
        *(
            "[::1",
            "::1",
            "[::g]",
            "[:::]",
            "[127.0.0.1]x",
            "localhost/",
            "bücher.example",
            "%6cocalhost",
            "[fe80::1%25eth0]",
        ),
    ],
)
def test_what_is_no_name_is_malformed(host: str) -> None:
    """400, whatever the setting says."""
    assert status(host, ALLOWED_HOSTS="*.example") == 400


def test_the_setting_adds_names_and_whole_domains() -> None:
    """Whatever their case and port; what is below a name needs the star."""
    allowed = {"ALLOWED_HOSTS": "api, Video.Example.org, *.intern.example"}
    for host in (
        "api",
        "api:8000",
        "video.example.org",
        "VIDEO.example.org.:443",
        "a.intern.example",
        "b.a.intern.example",
    ):
        assert status(host, **allowed) == 200, host
    for host in ("a.video.example.org", "intern.example", "xintern.example", "example.org", "apix"):
        assert status(host, **allowed) == 421, host


def test_app_host_may_be_a_name() -> None:
    """Who listens under a name answers under it."""
    assert status("box.lan:8000", APP_HOST="box.lan") == 200


@pytest.mark.parametrize(
    ("written", "hint"),
    [
        ("*", r"\*\.example\.org"),
        ("https://video.example.org", r": video\.example\.org perhaps\?"),
        ("video.example.org:8000", r": video\.example\.org perhaps\?"),
        ("video.example.org/api", r": video\.example\.org perhaps\?"),
        (".example.org", r": \*\.example\.org perhaps\?"),
        ("bücher.example", r": xn--bcher-kva\.example perhaps\?"),
        ("a b", r"one looks like"),
        ("vid*.example.org", r"one looks like"),
    ],
)
def test_a_wrong_setting_says_what_is_perhaps_meant(written: str, hint: str) -> None:
    """Under the setting's name."""
    with pytest.raises(SettingsError, match=rf"ALLOWED_HOSTS=.*{hint}"):
        parse({"ALLOWED_HOSTS": written})


@pytest.mark.parametrize(
    ("host", "origins", "sites"),
    [
        ("localhost:8000", [], []),  # curl
        ("localhost:8000", ["http://localhost:8000"], ["same-origin"]),
        ("localhost:8000", [], ["none"]),  # typed into the address bar
        ("192.168.1.9:8000", ["http://192.168.1.9:8000"], []),  # plain http elsewhere: no Sec-Fetch-Site
        ("video.example", ["https://video.example"], ["same-origin"]),
        ("video.example", ["https://video.example"], []),  # a proxy took TLS off
        ("video.example:443", ["https://video.example"], []),
        ("Video.Example", ["https://video.example"], []),
        ("video.example:80", ["http://video.example"], []),
        ("127.0.0.1:8000", ["https://video.example"], ["same-origin"]),  # a proxy that sends its own Host
        ("localhost:8000", ["null"], ["same-origin"]),  # a page with `Referrer-Policy: no-referrer`
        ("localhost:8000", ["https://app.example"], ["cross-site"]),  # in CORS_ORIGINS
        ("localhost:8000", ["https://app.example"], []),
    ],
)
def test_programs_and_pages_of_the_same_origin_may_change_things(
    host: str, origins: list[str], sites: list[str]
) -> None:
    """Behind every proxy, too."""
    assert not cross_origin(host, origins, sites, OURS)


@pytest.mark.parametrize(
    ("host", "origins", "sites"),
    [
        ("localhost:8000", ["https://evil.test"], ["cross-site"]),
        ("localhost:8000", ["https://evil.test"], []),
        ("localhost:8000", ["http://localhost:3000"], ["same-site"]),  # another service of the same machine
        ("localhost:8000", ["http://localhost:3000"], []),
        ("localhost:8000", [], ["cross-site"]),
        ("localhost:8000", [], ["whatever"]),
        ("localhost:8000", ["null"], ["cross-site"]),  # a sandboxed frame
        ("localhost:8000", ["null"], []),
        ("localhost:8000", [""], []),
        ("video.example", ["http://video.example"], ["cross-site"]),  # TLS was taken off by somebody else
        ("video.example", ["https://video.example.evil.test"], []),
        ("video.example", ["https://video.example:8443"], []),
        ("localhost:8000", ["https://app.example", "https://evil.test"], []),
        ("localhost:8000", ["http://localhost:8000"], ["same-origin", "cross-site"]),
        ("localhost:8000", ["https://app.example.evil.test"], ["cross-site"]),
        ("localhost:8000", ["http://app.example"], ["cross-site"]),
    ],
)
def test_pages_of_other_origins_may_not(host: str, origins: list[str], sites: list[str]) -> None:
    """Unless CORS_ORIGINS names exactly their origin."""
    assert cross_origin(host, origins, sites, OURS)
