"""Uploads, edits, waits and downloads with the client of openapi-python-client: argv says where, what and whereto."""

import sys
import time
from pathlib import Path
from uuid import UUID

from reelwright_client import Client
from reelwright_client.api.edits import edits_overlay_video, edits_transcode_video, edits_trim_video
from reelwright_client.api.jobs import jobs_result, jobs_status
from reelwright_client.api.videos import videos_upload
from reelwright_client.models import (
    JobAccepted,
    JobStatus,
    OverlaysIn,
    Problem,
    Quality,
    SoundIn,
    SoundInCodec,
    StatusOut,
    TextLayer,
    TranscodeIn,
    TranscodeInCodec,
    TrimIn,
    VideoOut,
    VideosUploadBody,
)
from reelwright_client.types import File


def finished(client: Client, job_id: UUID) -> None:
    while True:
        job = jobs_status.sync(job_id, client=client)
        assert isinstance(job, StatusOut), job
        if job.status is JobStatus.SUCCESS:
            return
        assert job.status in (JobStatus.PENDING, JobStatus.STARTED), job.error_message
        time.sleep(0.1)


def main(url: str, source: Path, result: Path) -> None:
    client = Client(base_url=url, httpx_args={"trust_env": False})
    with source.open("rb") as file:
        body = VideosUploadBody(file=File(payload=file, file_name="clip.mp4"))
        video = videos_upload.sync(client=client, body=body)
    assert isinstance(video, VideoOut), video
    turn: int = video.media_info.video[0].rotation
    assert turn == 0

    text = TextLayer(type_="text", text="नमस्ते")
    laid = edits_overlay_video.sync(client=client, body=OverlaysIn(video_id=video.id, overlays=[text]))
    assert isinstance(laid, JobAccepted), laid
    finished(client, laid.job_id)

    ladder = TranscodeIn(qualities=[Quality.P240], codec=TranscodeInCodec.H264, audio=SoundIn(codec=SoundInCodec.NONE))
    made = edits_transcode_video.sync(video.id, client=client, body=ladder)
    assert isinstance(made, JobAccepted), made
    finished(client, made.job_id)
    refused = edits_trim_video.sync(client=client, body=TrimIn(video_id=video.id, start=9, end=10))
    assert isinstance(refused, Problem), refused
    assert refused.errors, refused
    assert refused.errors[0].pointer == "/start"

    answer = jobs_result.sync(made.job_id, client=client, quality=Quality.P240)
    assert isinstance(answer, File), answer
    result.write_bytes(answer.payload.read())


main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
