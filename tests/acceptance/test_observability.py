"""A service that did work, as its operator sees it: lines, numbers, traces, and a dashboard that shows them."""

from __future__ import annotations

import asyncio
import json
import re
import shlex
import shutil
import subprocess
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import httpx
import promql_parser
import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from reelwright.settings_reader import parse
from tests.conftest import copy_database, execute, in_database
from tests.support import needs
from tests.support.processes import PATIENCE_S
from tests.support.service import Service, free_port, http_client

ROOT = Path(__file__).parents[2]
DASHBOARD = ROOT / "deploy" / "grafana" / "dashboards" / "reelwright.json"
ALERTS = ROOT / "deploy" / "prometheus" / "alerts.yml"
SCRAPING = ROOT / "deploy" / "prometheus" / "prometheus.yml"

SECRET = "s3cret-pa55"
ASKED_BY = "asked-by.test-1"
PREFIX = "reelwright_"


@dataclass
class Observed:
    """A running service after some work. `job`: one that was done, `failed`: one whose source was damaged."""

    service: Service
    worker_url: str
    job: str
    failed: str

    def lines(self, *names: str) -> list[dict[str, Any]]:
        texts = [self.service.folder.joinpath(f"{name}.log").read_text() for name in names]
        return [json.loads(line) for text in texts for line in text.splitlines() if not line.startswith("Launching")]


@asynccontextmanager
async def living(server_url: str, template: str, folder: Path, **extra: str) -> AsyncIterator[Service]:
    """A service without a worker, its database behind a URL with a password."""
    name = f"living_{uuid.uuid4().hex[:12]}"  # the tests of this file may run in several processes
    await copy_database(server_url, template, name)
    url = in_database(server_url, name).replace("@", f":{SECRET}@", 1)
    settings = parse(
        {
            "APP_ENV": "test",
            "REUSE_RESULTS": "false",
            "DATABASE_URL": url,
            "MEDIA_ROOT": str(folder / "media"),
            "DISK_RESERVE_BYTES": "1048576",
            "METRICS_PORT": str(free_port()),
        }
    )
    async with Service(settings, folder).running(**extra) as running:
        yield running
    await execute(server_url, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="module")
async def observed(
    server_url: str, template: str, clip: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Observed]:
    folder = tmp_path_factory.mktemp("observed")
    async with living(server_url, template, folder) as service, AsyncExitStack() as workers:
        video = await service.upload(clip)
        wish = {"video_id": video["id"], "start": 1, "end": 2}
        headers = {"X-Request-ID": ASKED_BY, "Authorization": f"Bearer {SECRET}"}
        refused = await service.client.get("/jobs", params={"token": SECRET})
        assert refused.status_code == 422  # it has no such parameter, and nobody writes down what it was
        asked = await service.client.post("/trim", json=wish, headers=headers)
        assert asked.headers["x-request-id"] == ASKED_BY
        job = asked.json()["job_id"]
        working = False
        async with service.client.stream("GET", f"/jobs/{job}/events") as stream:
            async for line in stream.aiter_lines():  # until the job has ended
                if line == "event: progress" and not working:
                    working = True
                    await workers.enter_async_context(service.worker())
        broken = await service.upload(clip)
        damaged = service.settings.media_path / broken["stored_path"]
        damaged.unlink()  # equal uploads are one file under several names
        damaged.write_bytes(b"no video")
        failed = await service.trim(broken["id"], 1, 2)
        await service.until(failed, "FAILURE")
        yield Observed(service, f"http://127.0.0.1:{service.settings.metrics_port}", job, failed)


def test_every_line_is_json_of_one_shape(observed: Observed) -> None:
    """Ours, uvicorn's and procrastinate's, of a worker that was started by hand too; one access line a request."""
    lines = observed.lines("api", "worker1")
    for line in lines:
        assert list(line)[:6] == ["timestamp", "level", "logger", "process", "pid", "event"]
    assert {"uvicorn.error", "procrastinate.worker.worker"} <= {line["logger"] for line in lines}
    (access,) = [line for line in lines if line.get("path") == "/trim" and line["request_id"] == ASKED_BY]
    wanted = {"method": "POST", "route": "/trim", "status": 202, "client": "127.0.0.1", "event": "POST /trim 202"}
    assert access.items() >= wanted.items()
    assert access["bytes"] > 0
    assert access["duration_ms"] > 0


def test_a_job_is_told_from_the_request_to_its_end(observed: Observed) -> None:
    """The API's line that it was queued and every line of the worker have the ids of the job and of the request."""
    told = [line for line in observed.lines("api", "worker1") if line.get("job_id") == observed.job]
    assert {line["request_id"] for line in told} == {ASKED_BY}
    ours = [line for line in told if not line["logger"].startswith("procrastinate")]
    assert [(line["event"], line.get("stage")) for line in ours] == [
        ("job queued", None),
        ("job started", None),
        ("stage ended", "fetch"),
        ("ffmpeg starts", None),
        ("ffmpeg ended well", None),
        ("stage ended", "render"),
        ("output verified", None),
        ("stage ended", "verify"),
        ("stage ended", "publish"),
        ("job finished", None),
    ]
    assert ours[-1]["duration_s"] > 0
    assert ours[-1]["speed"] > 0


def test_a_failure_is_told_with_its_code_and_what_ffmpeg_said(observed: Observed) -> None:
    """The code that the job has, its stage, the exit status, the end of stderr: of both starts."""
    told = [line for line in observed.lines("worker1") if line.get("job_id") == observed.failed]
    first, process, job = [line for line in told if line["level"] == "error"]
    assert first["code"] == process["code"]
    assert job["event"].startswith("job failed: ")
    assert (job["code"], job["stage"]) == (process["code"], "render")
    assert process["exit_status"] != 0
    assert "moov atom not found" in process["stderr_tail"]


def test_the_logged_command_can_be_run_again(observed: Observed) -> None:
    """Copied into a shell it makes the same file, once its folder is there."""
    (line,) = [line for line in observed.lines("worker1") if line.get("job_id") == observed.job and "command" in line]
    target = Path(shlex.split(line["command"])[-1].removeprefix("file:"))
    target.parent.mkdir(parents=True)
    try:
        subprocess.run(line["command"], shell=True, check=True, capture_output=True)
        assert target.stat().st_size > 0
    finally:
        shutil.rmtree(target.parent)


def test_no_secret_is_in_any_line(observed: Observed) -> None:
    """The database's password, a client's credentials, a query."""
    assert SECRET not in observed.service.logs()


async def scraped(observed: Observed) -> dict[str, dict[tuple[tuple[str, str], ...], float]]:
    """Samples by name and labels, of the API and the worker together."""
    found: dict[str, dict[tuple[tuple[str, str], ...], float]] = {}
    async with http_client() as client:
        for url in (observed.service.url, observed.worker_url):
            answer = await client.get(f"{url}/metrics")
            assert answer.headers["content-type"].startswith("text/plain")
            for family in text_string_to_metric_families(answer.text):
                for sample in family.samples:
                    values, labels = found.setdefault(sample.name, {}), tuple(sorted(sample.labels.items()))
                    values[labels] = values.get(labels, 0) + sample.value
    return found


async def test_the_numbers_tell_what_was_done(observed: Observed) -> None:
    """Routes are templates, never paths; kinds, states, stages and codes are those of the jobs."""
    await observed.service.client.get("/nowhere/at/all")
    async with asyncio.timeout(PATIENCE_S):
        while True:  # an answer is kept for a moment
            found = await scraped(observed)
            if any(dict(labels)["route"] == "unmatched" for labels in found["reelwright_http_requests_total"]):
                break
            await asyncio.sleep(0.1)

    def value(name: str, **labels: str) -> float:
        return found[PREFIX + name][tuple(sorted(labels.items()))]

    assert value("uploads_total", outcome="stored") == 2
    assert value("http_requests_total", method="POST", route="/trim", status="202") == 2
    assert value("http_requests_total", method="GET", route="unmatched", status="404") >= 1
    assert value("job_transitions_total", kind="trim", state="PENDING") == 2
    assert value("job_transitions_total", kind="trim", state="SUCCESS") == 1
    assert value("job_failures_total", kind="trim", code="ffmpeg_failed", state="FAILURE") == 1
    for stage in ("queued", "fetch", "render", "verify", "publish"):
        assert value("job_stage_duration_seconds_count", kind="trim", stage=stage) >= 1
    assert value("ffmpeg_speed_ratio_count", kind="trim") == 1
    assert value("event_lag_seconds_count") >= 1
    assert (value("event_streams_open"), value("database_up"), value("queue_depth", queue="media")) == (0, 1, 0)
    text = str(found)
    assert observed.job not in text
    assert SECRET not in text


async def test_waiting_jobs_are_counted_and_a_lost_database_is_told(service: Service, clip: Path) -> None:
    """Depth and age of the queue come from the rows; without them the other numbers are answered all the same."""
    video = await service.upload(clip)
    job_id = await service.trim(video["id"], 1, 2)
    await service.sql("UPDATE jobs SET updated_at = now() - interval '1 hour' WHERE id = $1", job_id)
    text = (await service.client.get("/metrics")).text
    assert 'reelwright_queue_depth{queue="media"} 1.0' in text
    (age,) = re.findall(r'^reelwright_queue_oldest_seconds\{queue="media"\} (\S+)', text, re.MULTILINE)
    assert 3600 <= float(age) < 3700
    assert 'reelwright_jobs{kind="trim",state="PENDING"} 1.0' in text
    await service.sql("ALTER TABLE jobs RENAME TO lost")
    async with asyncio.timeout(PATIENCE_S):
        while "reelwright_database_up 0.0" not in (text := (await service.client.get("/metrics")).text):
            await asyncio.sleep(0.1)
    assert "reelwright_queue_depth{" not in text
    assert 'route="/trim"' in text


def queries() -> list[tuple[str, str]]:
    """Title and PromQL of every panel and alert; Grafana's variable stands for half a minute."""
    panels = [panel for panel in json.loads(DASHBOARD.read_text())["panels"] if panel["type"] != "row"]
    shown = [(panel["title"], target["expr"]) for panel in panels for target in panel["targets"]]
    rules = [rule for group in yaml.safe_load(ALERTS.read_text())["groups"] for rule in group["rules"]]
    watched = [(rule["alert"], rule["expr"]) for rule in rules]
    return [(title, query.replace("$__rate_interval", "30s")) for title, query in shown + watched]


def test_the_dashboard_is_whole() -> None:
    """Ids are unique, panels lie beside one another, each says what it shows and where its data come from."""
    dashboard = json.loads(DASHBOARD.read_text())
    panels = dashboard["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    taken: set[tuple[int, int]] = set()
    for panel in panels:
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken, panel["title"]
        assert max(x for x, _ in cells) < 24
        taken |= cells
        if panel["type"] != "row":
            assert panel["description"], panel["title"]
            assert panel["datasource"]["uid"] == "${datasource}"
            assert all(target["legendFormat"] for target in panel["targets"])
    assert [variable["name"] for variable in dashboard["templating"]["list"]] == ["datasource"]


async def test_every_query_names_metrics_that_are_scraped(observed: Observed) -> None:
    """And the dashboard leaves none of ours out, but for the parts of histograms."""
    found = await scraped(observed)
    named = {name for _, query in queries() for name in re.findall(r"\breelwright_\w+", query)}
    assert sorted(named - found.keys()) == []
    whole = {re.sub(r"_(bucket|sum|count)$", "", name) for name in found if name.startswith(PREFIX)}
    assert sorted(whole - {re.sub(r"_bucket$", "", name) for name in named}) == []


@pytest.mark.parametrize("query", [query for _, query in queries()])
def test_every_query_can_be_parsed(query: str) -> None:
    """By a parser of PromQL."""
    promql_parser.parse(query)


@asynccontextmanager
async def prometheus(observed: Observed, folder: Path) -> AsyncIterator[httpx.AsyncClient]:
    """A real Prometheus that scrapes the service under the jobs' shipped names, with the shipped alerts."""
    shipped = yaml.safe_load(SCRAPING.read_text())
    targets = {"reelwright-api": observed.service.url, "reelwright-worker": observed.worker_url}
    shipped["global"] = {"scrape_interval": "250ms", "evaluation_interval": "250ms"}
    shipped["rule_files"] = [str(ALERTS)]
    shipped["scrape_configs"] = [
        {
            "job_name": job["job_name"],
            "static_configs": [{"targets": [targets[job["job_name"]].removeprefix("http://")]}],
        }
        for job in shipped["scrape_configs"]
    ]
    configuration = folder / "prometheus.yml"
    configuration.write_text(yaml.safe_dump(shipped))
    port = free_port()
    with (folder / "prometheus.log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            *(
                needs.program("prometheus"),
                f"--config.file={configuration}",
                f"--storage.tsdb.path={folder / 'series'}",
            ),
            f"--web.listen-address=127.0.0.1:{port}",
            stdout=log,
            stderr=log,
        )
    try:
        async with http_client(f"http://127.0.0.1:{port}/api/v1") as client:
            yield client
    finally:
        process.kill()
        await process.wait()


async def answered(client: httpx.AsyncClient, query: str) -> list[Any]:
    """Raises httpx.HTTPError when it is not answered, be it that the query is wrong."""
    answer = (await client.get("/query", params={"query": query})).raise_for_status().json()
    found: list[Any] = answer["data"]["result"]
    return found


@pytest.mark.needs("prometheus")
@pytest.mark.slow
async def test_a_real_prometheus_answers_every_query(observed: Observed, tmp_path: Path) -> None:
    """Every panel has data of the service that did work; the alerts are loaded, and none that is critical fires."""
    async with prometheus(observed, tmp_path) as client, asyncio.timeout(PATIENCE_S):
        scrapes = "min(count_over_time(up[1m])) >= 4 and count(up == 1) == 2"
        while True:
            try:
                if await answered(client, scrapes):
                    break
            except httpx.HTTPError:
                pass  # not yet
            await asyncio.sleep(0.1)
        alerts = {rule["alert"] for group in yaml.safe_load(ALERTS.read_text())["groups"] for rule in group["rules"]}
        for title, query in queries():
            assert await answered(client, query) or title in alerts, f"{title}: {query}"
        groups = (await client.get("/rules")).json()["data"]["groups"]
        errors = {rule["name"]: rule.get("lastError", "") for group in groups for rule in group["rules"]}
        assert errors == dict.fromkeys(alerts, "")
        assert not await answered(client, 'ALERTS{severity="critical"}')


class Receiver(ThreadingHTTPServer):
    """An OTLP/HTTP receiver of traces."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        received = self.bodies

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                assert self.path == "/v1/traces"
                received.append(self.rfile.read(int(self.headers["content-length"])))
                self.send_response(200)
                self.send_header("Content-Type", "application/x-protobuf")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        super().__init__(("127.0.0.1", 0), Handler)

    def spans(self) -> list[tuple[str, Any]]:
        """Service name and span, of all that came."""
        from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

        found = []
        for body in self.bodies:
            for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
                about = {pair.key: pair.value.string_value for pair in resource.resource.attributes}
                found += [(about["service.name"], span) for scope in resource.scope_spans for span in scope.spans]
        return found


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    server = Receiver()
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


async def test_one_trace_leads_from_the_request_to_ffmpeg(
    server_url: str, template: str, clip: Path, tmp_path_factory: pytest.TempPathFactory, receiver: Receiver
) -> None:
    """It continues the client's; each span's parent is what caused it, across the queue; the log names the trace."""
    extra = {
        "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{receiver.server_port}",
        "OTEL_BSP_SCHEDULE_DELAY": "100",
    }
    trace_id, client_span = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
    folder = tmp_path_factory.mktemp("traced")
    async with living(server_url, template, folder, **extra) as service, service.worker(**extra) as worker:
        video = await service.upload(clip)
        asked = await service.client.post(
            "/trim",
            json={"video_id": video["id"], "start": 1, "end": 2},
            headers={"traceparent": f"00-{trace_id}-{client_span}-01"},
        )
        await service.until(asked.json()["job_id"], "SUCCESS")
    assert f'"trace_id": "{trace_id}"' in worker.log.read_text()
    of_trace = {span.span_id: (process, span) for process, span in receiver.spans() if span.trace_id.hex() == trace_id}
    (ffmpeg,) = [span for _, span in of_trace.values() if span.name == "ffmpeg"]
    way, current = [], ffmpeg
    while current.span_id in of_trace:
        process, current = of_trace[current.span_id]
        way.append((process, current.name))
        if current.parent_span_id.hex() == client_span:
            break
        current = of_trace[current.parent_span_id][1]
    assert way[::-1] == [
        ("reelwright-api", "POST /trim"),
        ("reelwright-api", "queue render"),
        ("reelwright-worker", "work reelwright.render"),
        ("reelwright-worker", "render"),
        ("reelwright-worker", "ffmpeg"),
    ]
    speed = {pair.key: pair.value.double_value for pair in ffmpeg.attributes}["ffmpeg.speed"]
    assert speed > 0
    assert {span.name for _, span in of_trace.values()} >= {"fetch", "render", "verify", "publish"}


async def test_an_upload_that_is_cut_off_is_no_fault_of_the_service(service: Service) -> None:
    """It is counted as the client's."""
    length = 'content-length: 1000000\r\ncontent-type: multipart/form-data; boundary="b"\r\n'
    _, writer = await asyncio.open_connection("127.0.0.1", service.settings.app_port)
    writer.write(f"POST /videos/upload HTTP/1.1\r\nhost: localhost\r\n{length}\r\n".encode())
    writer.write(b'--b\r\ncontent-disposition: form-data; name="file"; filename="a.mp4"\r\n\r\n' + bytes(10_000))
    await writer.drain()
    writer.transport.abort()

    async def outcomes() -> list[str]:
        lines = (await service.client.get("/metrics")).text.splitlines()
        return [line for line in lines if line.startswith("reelwright_uploads_total{")]

    async with asyncio.timeout(PATIENCE_S):
        while not (found := await outcomes()):
            await asyncio.sleep(0.1)
    assert found == ['reelwright_uploads_total{outcome="cut off"} 1.0']
