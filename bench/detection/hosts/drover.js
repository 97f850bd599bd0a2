// @ts-check
/** drover: one worker, two tasks. The verdict is its first change of state, what it says stands in the failure. */
import { join } from 'node:path'
import { createDrover } from 'drover'
import { heapMb } from '../faults.js'
import { folder, note } from '../notes.js'
import { host } from './host.js'

await host(
  async (/** @type {{ limitMs?: number, busy?: number, isolation?: 'process' }} */ { limitMs, busy = 0, isolation }, restarted) => {
    const drover = await createDrover({
      store: join(folder, 'drover.db'),
      log: { console: false, dir: false },
      concurrency: 2 + busy,
      ...(limitMs && {
        heartbeat: {
          everyMs: limitMs / 10,
          timeoutMs: limitMs,
          progressTimeoutMs: 2 * limitMs,
          startTimeoutMs: (busy > 0 ? 60 : 5) * limitMs,
        },
      }),
      workers: [
        {
          id: 'watched/x',
          module: new URL('./drover.worker.js', import.meta.url),
          dataset: 'tasks',
          ...(isolation && { isolation }),
          resourceLimits: { maxOldGenerationSizeMb: heapMb },
        },
        ...Array.from({ length: busy }, (_, n) => ({
          id: `busy-${n}`,
          module: new URL('./busy.worker.js', import.meta.url),
          heartbeat: { everyMs: 30_000, timeoutMs: 120_000, progressTimeoutMs: 300_000, startTimeoutMs: 120_000 },
        })),
      ],
    })
    drover.on('worker:state:changed', ({ worker, to }) => {
      if (worker === 'watched/x' && (to === 'stuck' || to === 'crashed')) note('verdict', { says: to })
    })
    const say = (/** @type {import('drover').Failure} */ { kind, message, hungAt, error, tasks }) =>
      note('verdict', { says: `${kind}: ${message}`, stack: hungAt?.join('\n') ?? error?.stack ?? null, tasks })
    drover.on('worker:failure:recorded', ({ failure }) => say(failure))
    if (restarted) {
      // What the host before left was found while this one opened.
      for (const { failure } of await drover.failures()) say(failure)
    } else {
      await drover.load(
        'tasks',
        ['a', 'b'].map((task) => ({ id: task, task })),
      )
    }
    for (let n = 0; n < busy; n++) await drover.start(`busy-${n}`)
    await drover.start('watched/x')
  },
)
