/** Entry of the store thread, the only writer of the store in this process. */
import { workerData } from 'node:worker_threads'
import { openSqliteEngine } from '../sqlite/engine.js'
import type { StoreBoot } from './messages.js'
import { StoreMeter } from './meter.js'
import { serveStore } from './server.js'

const { port, meter, ...options } = workerData as StoreBoot
serveStore(port, () => openSqliteEngine(options), new StoreMeter(meter))
