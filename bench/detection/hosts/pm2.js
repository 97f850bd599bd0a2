// @ts-check
/** PM2 in fork mode, with a daemon of its own. Its work is the process itself; the verdict is what its bus says. */

import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { heapMb } from '../faults.js'
import { note } from '../notes.js'
import { peer } from '../peers.js'
import { host } from './host.js'

await host(async () => {
  // PM2_HOME is the round's own, so this starts a daemon of its own.
  const pm2 = await peer('pm2')
  const call = (/** @type {string} */ name, /** @type {unknown[]} */ ...given) => promisify(pm2[name].bind(pm2))(...given)
  await call('connect')
  const bus = await call('launchBus')
  bus.on(
    'process:event',
    (/** @type {{ event: string, process: { status: string, exit_code?: number } }} */ { event, process: { status, exit_code } }) => {
      if (event === 'exit' || event === 'restart') note('verdict', { says: `${event}, ${status}, exit code ${exit_code}` })
    },
  )
  bus.on('log:err', (/** @type {{ data: string }} */ { data }) => note('verdict', { says: 'stderr', stack: data }))
  await call('start', {
    name: 'work',
    script: fileURLToPath(new URL('./pm2-app.js', import.meta.url)),
    exec_mode: 'fork',
    node_args: [`--max-old-space-size=${heapMb}`],
    wait_ready: true,
    env: Object.fromEntries(Object.entries(process.env).filter(([name]) => name.startsWith('DETECTION_'))),
  })
  return () => call('killDaemon')
})
