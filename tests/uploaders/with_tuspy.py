"""python with_tuspy.py ENDPOINT FILE TOKEN: uploads, and writes the video's id and the seconds that it took."""

import json
import sys
import time

from tusclient.client import TusClient

endpoint, file, token = sys.argv[1:]
began = time.perf_counter()
client = TusClient(endpoint, headers={"Authorization": f"Bearer {token}"})
uploader = client.uploader(file, metadata={"filename": "holiday.mp4"}, chunk_size=16 * 2**20, retries=60, retry_delay=1)
uploader.upload()
video_id = uploader.request.response_headers["reelwright-video-id"]
print(json.dumps({"video_id": video_id, "took_s": time.perf_counter() - began}))
