// Of a page of another origin: fetches the file from where the page came from, uploads it with Uppy, posts what became of
// it, and the seconds that the upload took.
import Uppy from '@uppy/core'
import Tus from '@uppy/tus'

const { endpoint, token } = Object.fromEntries(new URLSearchParams(location.search))
const headers = { Authorization: `Bearer ${token}` }
const report = (found) => fetch('/', { method: 'POST', body: JSON.stringify(found) })

async function run() {
  const uppy = new Uppy({ autoProceed: false })
  uppy.use(Tus, { endpoint, headers, retryDelays: [0, 1000, 3000, 5000, 10000, 20000, 40000] })
  uppy.addFile({ name: 'holiday.mp4', type: 'video/mp4', data: await (await fetch('/video')).blob() })
  const began = performance.now()
  const { successful, failed } = await uppy.upload()
  const took_s = (performance.now() - began) / 1000
  if (failed.length) return { error: String(failed[0].error) }
  const upload = await (await fetch(successful[0].response.uploadURL, { headers })).json()
  return { video_id: upload.video_id, took_s }
}

run().catch((error) => ({ error: String(error) })).then(report)
