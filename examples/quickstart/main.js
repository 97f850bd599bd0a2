// @ts-check
import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { createDrover, showProgress } from 'drover'

const drover = await createDrover({
  store: 'data/quickstart.db',
  workers: ['urgency', 'topic'].map((domain) => ({
    id: `rules/${domain}`,
    module: new URL('./label.worker.js', import.meta.url),
    dataset: 'messages',
  })),
})
drover.stopOnSignals()

async function* messages() {
  const input = createReadStream(new URL('./messages.jsonl', import.meta.url))
  for await (const line of createInterface({ input })) yield JSON.parse(line)
}
await drover.load('messages', messages())
showProgress(drover)
await drover.start()
console.log(await drover.done())
await drover.export('labels.jsonl')
await drover.close()
