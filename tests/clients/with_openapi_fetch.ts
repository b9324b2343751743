// Uploads, edits, waits and downloads with the types of openapi-typescript: BASE_URL and VIDEO say where and what.
import { readFile, writeFile } from "node:fs/promises";
import { setTimeout } from "node:timers/promises";
import createClient from "openapi-fetch";
import type { components, paths } from "./generated/schema.js";

const [url, source, result] = process.argv.slice(2) as [string, string, string];
const client = createClient<paths>({ baseUrl: url });

function answered<T>({ data, error }: { data?: T; error?: components["schemas"]["Problem"] }): T {
  if (data === undefined) throw new Error(error?.detail ?? "no answer");
  return data;
}

async function finished(jobId: string): Promise<void> {
  for (;;) {
    const job = answered(await client.GET("/status/{job_id}", { params: { path: { job_id: jobId } } }));
    if (job.status === "SUCCESS") return;
    if (job.status === "FAILURE" || job.status === "CANCELLED") throw new Error(job.error_message ?? job.status);
    await setTimeout(100);
  }
}

const form = new FormData();
form.append("file", new Blob([await readFile(source)]), "clip.mp4");
const video = answered(
  // its types know no Blob: a form is sent as it is
  await client.POST("/videos/upload", { body: { file: "" }, bodySerializer: () => form }),
);
const turn: number = video.media_info.video[0]!.rotation;
if (turn !== 0) throw new Error("turned");

const text: components["schemas"]["TextLayer"] = { type: "text", text: "नमस्ते" };
const laid = answered(await client.POST("/overlays", { body: { video_id: video.id, overlays: [text] } }));
await finished(laid.job_id);

const ladder: components["schemas"]["TranscodeIn"] = { qualities: ["240p"], codec: "h264", audio: { codec: "none" } };
const made = answered(
  await client.POST("/transcode/{video_or_variant_id}", {
    params: { path: { video_or_variant_id: video.id } },
    body: ladder,
  }),
);
await finished(made.job_id);
const refused = await client.POST("/trim", { body: { video_id: video.id, start: 9, end: 10 } });
if (refused.error?.errors?.[0]?.pointer !== "/start") throw new Error("a refusal names its field");

const params = { path: { job_id: made.job_id }, query: { quality: "240p" as const } };
const file = await client.GET("/result/{job_id}", { params, parseAs: "arrayBuffer" });
await writeFile(result, new Uint8Array(answered(file)));
