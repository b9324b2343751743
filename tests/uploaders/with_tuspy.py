"""python with_tuspy.py ENDPOINT FILE TOKEN: uploads, and writes the video's id."""

import sys

from tusclient.client import TusClient

endpoint, file, token = sys.argv[1:]
client = TusClient(endpoint, headers={"Authorization": f"Bearer {token}"})
uploader = client.uploader(file, metadata={"filename": "holiday.mp4"}, chunk_size=16 * 2**20, retries=60, retry_delay=1)
uploader.upload()
print(uploader.request.response_headers["reelwright-video-id"])
