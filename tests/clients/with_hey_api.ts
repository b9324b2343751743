// Uploads, edits, waits and downloads with the client of @hey-api/openapi-ts: BASE_URL and VIDEO say where and what.
import { readFile, writeFile } from "node:fs/promises";
import { setTimeout } from "node:timers/promises";
import { client } from "./generated/hey/client.gen.js";
import {
  editsOverlayVideo,
  editsTranscodeVideo,
  editsTrimVideo,
  jobsResult,
  jobsStatus,
  videosUpload,
} from "./generated/hey/sdk.gen.js";
import type { TextLayer, TranscodeIn } from "./generated/hey/types.gen.js";

const [url, source, result] = process.argv.slice(2) as [string, string, string];
client.setConfig({ baseUrl: url });

async function finished(job_id: string): Promise<void> {
  for (;;) {
    const { data: job } = await jobsStatus({ path: { job_id }, throwOnError: true });
    if (job.status === "SUCCESS") return;
    if (job.status === "FAILURE" || job.status === "CANCELLED") throw new Error(job.error_message ?? job.status);
    await setTimeout(100);
  }
}

const file = new File([await readFile(source)], "clip.mp4");
const { data: video } = await videosUpload({ body: { file }, throwOnError: true });
const turn: number = video.media_info.video[0]!.rotation;
if (turn !== 0) throw new Error("turned");

const text: TextLayer = { type: "text", text: "नमस्ते" };
const { data: laid } = await editsOverlayVideo({ body: { video_id: video.id, overlays: [text] }, throwOnError: true });
await finished(laid.job_id);

const body: TranscodeIn = { qualities: ["240p"], codec: "h264", audio: { codec: "none" } };
const { data: made } = await editsTranscodeVideo({ path: { video_or_variant_id: video.id }, body, throwOnError: true });
await finished(made.job_id);
const refused = await editsTrimVideo({ body: { video_id: video.id, start: 9, end: 10 } });
if (refused.error?.errors?.[0]?.pointer !== "/start") throw new Error("a refusal names its field");

const { data } = await jobsResult({ path: { job_id: made.job_id }, query: { quality: "240p" }, throwOnError: true });
await writeFile(result, new Uint8Array(await data.arrayBuffer()));
