// Of a page of another origin: fetches the file from where the page came from, uploads it with Uppy, posts what became of it.
import Uppy from '@uppy/core'
import Tus from '@uppy/tus'

const { endpoint, token } = Object.fromEntries(new URLSearchParams(location.search))
const headers = { Authorization: `Bearer ${token}` }
const report = (found) => fetch('/', { method: 'POST', body: JSON.stringify(found) })

async function run() {
  const uppy = new Uppy({ autoProceed: false })
  uppy.use(Tus, { endpoint, headers, retryDelays: [0, 1000, 3000, 5000, 10000, 20000, 40000] })
  uppy.addFile({ name: 'holiday.mp4', type: 'video/mp4', data: await (await fetch('/video')).blob() })
  const { successful, failed } = await uppy.upload()
  if (failed.length) return { error: String(failed[0].error) }
  const { xhr } = successful[0].response.body
  return { video_id: xhr.getResponseHeader('Reelwright-Video-Id') }
}

run().catch((error) => ({ error: String(error) })).then(report)
