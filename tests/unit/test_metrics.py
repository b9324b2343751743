"""A worker's /metrics: where it listens, and that work goes on where it cannot."""

from __future__ import annotations

import logging
import re
import socket
import urllib.request
from pathlib import Path
from typing import get_args

import pytest
from prometheus_client import generate_latest

from reelwright.access.idempotent_answers import KeyReused, UnderWay
from reelwright.access.token_lookup import TokenRefusal
from reelwright.access.token_purposes import Purpose
from reelwright.events.outcomes import Outcome
from reelwright.settings_reader import parse
from reelwright.telemetry import metrics, metrics_server
from tests.support.service import free_port


def test_workers_of_one_machine_take_a_port_each(tmp_path: Path) -> None:
    """The first free ones from METRICS_PORT on; both answer."""
    settings = parse({"METRICS_PORT": str(free_port())})
    disk = metrics.Disk(tmp_path)
    with metrics_server.serving(settings, disk) as first, metrics_server.serving(settings, disk) as second:
        assert first is not None
        assert second is not None
        assert first < second < settings.metrics_port + metrics_server.WORKER_PORTS
        for port in (first, second):
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics") as answer:
                assert b"\nreelwright_disk_free_bytes " in answer.read()


def test_a_worker_whose_ports_are_taken_runs_without(caplog: pytest.LogCaptureFixture) -> None:
    """It says so. The highest port is the last that is tried."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 65535))
        taken.listen()
        with caplog.at_level(logging.WARNING), metrics_server.serving(parse({"METRICS_PORT": "65535"})) as port:
            assert port is None
    assert "ports 65535 to 65535 are taken" in caplog.text


def test_nothing_listens_unless_it_is_asked_for() -> None:
    """METRICS_PORT is 0 by default."""
    with metrics_server.serving(parse({})) as port:
        assert port is None


def test_a_disk_that_is_gone_takes_no_other_number_along(tmp_path: Path) -> None:
    """Its own gauges are left out."""
    there = generate_latest(metrics.registry(metrics.Disk(tmp_path))).decode()
    gone = generate_latest(metrics.registry(metrics.Disk(tmp_path / "gone"))).decode()
    assert "reelwright_disk_free_bytes " in there
    assert "reelwright_disk" not in gone
    assert "reelwright_build_info" in gone


def test_counters_of_what_is_told_are_there_from_the_start() -> None:
    """With 0 of every value of their label, as the code has them: the first of each is a rise."""
    text = generate_latest().decode()
    values: dict[str, set[str]] = {}
    for name, value in re.findall(r'^(reelwright_\w+_total)\{\w+="(\w+)"\}', text, re.MULTILINE):
        values.setdefault(name, set()).add(value)
    assert values["reelwright_tokens_made_total"] == {purpose.value for purpose in Purpose}
    assert values["reelwright_tokens_refused_total"] == {refusal.value for refusal in TokenRefusal}
    assert values["reelwright_idempotent_requests_total"] >= {UnderWay.code, KeyReused.code, "made", "replayed"}
    assert values["reelwright_webhook_tries_total"] == set(get_args(Outcome))
