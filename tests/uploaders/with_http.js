// node with_http.js ADDRESS FILE TOKEN: sends it as one PUT, and writes as with_tus_js_client.js.
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { request } from 'node:http'
import { pipeline } from 'node:stream/promises'
import { json } from 'node:stream/consumers'

const [address, file, token] = process.argv.slice(2)
const began = performance.now()

const headers = { Authorization: `Bearer ${token}`, 'Content-Length': (await stat(file)).size }
const sending = request(address, { method: 'PUT', headers })
const answered = new Promise((resolve, reject) => sending.on('response', resolve).on('error', reject))
await pipeline(createReadStream(file), sending)
const { id } = await json(await answered)
console.log(JSON.stringify({ video_id: id, took_s: (performance.now() - began) / 1000 }))
