// @ts-check
/** Takes its task and keeps it, so that it stays live. */
import { defineWorker } from 'drover/worker'

export default defineWorker({
  process: (_, ctx) => new Promise((_, reject) => ctx.signal.addEventListener('abort', () => reject(ctx.signal.reason))),
})
