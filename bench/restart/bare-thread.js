// @ts-check
/** A thread with drover's imports and nothing else: what a restart cannot be faster than. */
import { parentPort, workerData } from 'node:worker_threads'

for (const url of workerData.imports) await import(url)
parentPort?.postMessage('ready')
