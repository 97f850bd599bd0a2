/** Where the store thread begins: the only writer of the store in this process. */
import { workerData } from 'node:worker_threads'
import type { StoreBoot } from './messages.js'
import { openSqliteEngine } from './sqlite/engine.js'
import { serveStore } from './store-server.js'

const { port, ...options } = workerData as StoreBoot
serveStore(port, () => openSqliteEngine(options))
