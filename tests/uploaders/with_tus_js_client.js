// node with_tus_js_client.js ENDPOINT FILE TOKEN: uploads, and writes the video's id and the seconds that it took.
import { createReadStream } from 'node:fs'
import * as tus from 'tus-js-client'

const [endpoint, file, token] = process.argv.slice(2)
const began = performance.now()

const upload = new tus.Upload(createReadStream(file), {
  endpoint,
  headers: { Authorization: `Bearer ${token}` },
  metadata: { filename: 'holiday.mp4' },
  retryDelays: [0, 1000, 3000, 5000, 10000, 20000, 40000],
  onError: (error) => {
    console.error(String(error))
    process.exit(1)
  },
  onSuccess: ({ lastResponse }) => {
    const took_s = (performance.now() - began) / 1000
    console.log(JSON.stringify({ video_id: lastResponse.getHeader('Reelwright-Video-Id'), took_s }))
  },
})
upload.start()
