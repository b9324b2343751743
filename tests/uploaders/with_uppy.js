// Of a page of another origin: fetches the file from where the page came from, uploads it with Uppy, or as one PUT where
// that is asked for, posts what became of it, and the seconds that the upload took.
import Uppy from '@uppy/core'
import Tus from '@uppy/tus'

const { endpoint, token, put } = Object.fromEntries(new URLSearchParams(location.search))
const headers = { Authorization: `Bearer ${token}` }
const report = (found) => fetch('/', { method: 'POST', body: JSON.stringify(found) })

async function asOnePut(file) {
  const began = performance.now()
  const answer = await fetch(put, { method: 'PUT', headers, body: file })
  const took_s = (performance.now() - began) / 1000
  return answer.ok ? { video_id: (await answer.json()).id, took_s } : { error: await answer.text() }
}

async function run() {
  const file = await (await fetch('/video')).blob()
  return put ? asOnePut(file) : withUppy(file)
}

async function withUppy(file) {
  const uppy = new Uppy({ autoProceed: false })
  uppy.use(Tus, { endpoint, headers, retryDelays: [0, 1000, 3000, 5000, 10000, 20000, 40000] })
  uppy.addFile({ name: 'holiday.mp4', type: 'video/mp4', data: file })
  const began = performance.now()
  const { successful, failed } = await uppy.upload()
  const took_s = (performance.now() - began) / 1000
  if (failed.length) return { error: String(failed[0].error) }
  const upload = await (await fetch(successful[0].response.uploadURL, { headers })).json()
  return { video_id: upload.video_id, took_s }
}

run().catch((error) => ({ error: String(error) })).then(report)
