"""python with_tuspy.py ENDPOINT FILE TOKEN: uploads, and writes the video's id and the seconds that it took."""

import json
import sys
import time
from pathlib import Path

from tusclient.client import TusClient

endpoint, file, token = sys.argv[1:]
chunk_bytes = min(30 * 2**20, Path(file).stat().st_size // 10)  # as docs/uploads.md has it, of a small file some, too
began = time.perf_counter()
client = TusClient(endpoint, headers={"Authorization": f"Bearer {token}"})
uploader = client.uploader(
    file, metadata={"filename": "holiday.mp4"}, chunk_size=chunk_bytes, retries=60, retry_delay=1
)
uploader.upload()
last = uploader.request
video_id = last.response_headers["reelwright-video-id"]  # type: ignore[attr-defined]  # typed as None, which it is at first
print(json.dumps({"video_id": video_id, "took_s": time.perf_counter() - began}))
