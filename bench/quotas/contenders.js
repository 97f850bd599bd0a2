// @ts-check
/**
 * What grants: for each contender how a process opens it, and how one of its threads asks for one grant. A grant that is refused is asked for again
 * when the contender says that it may be had.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import Database from 'better-sqlite3'
import Bottleneck from 'bottleneck'
import { createQuota } from 'drover'
import { connectQuota } from 'drover/worker'
import { RateLimiterMemory, RateLimiterSQLite } from 'rate-limiter-flexible'

/** @typedef {'blocks' | 'durable' | 'rlf-memory' | 'rlf-sqlite' | 'bottleneck'} Contender */

/** @typedef {{ acquire: () => Promise<unknown>, close: () => Promise<unknown> | unknown }} Asker */

export const titles = {
  blocks: 'drover, blocks taken ahead',
  durable: 'drover, each grant durable',
  'rlf-memory': 'rate-limiter-flexible, memory',
  'rlf-sqlite': 'rate-limiter-flexible, SQLite',
  bottleneck: 'Bottleneck',
}

/** Those whose limit holds for one thread only. */
export const ofOneThread = /** @type {Contender[]} */ (['rlf-memory', 'bottleneck'])

/**
 * What a process opens.
 *
 * @param {Contender} contender
 * @param {string} file
 * @param {number} limit a second
 * @returns {Promise<{ connect: () => { data: unknown, transfer: import('node:worker_threads').MessagePort[] }, close: () => Promise<unknown> }>}
 */
export async function open(contender, file, limit) {
  if (contender === 'rlf-sqlite') rlfDatabase(file).close()
  if (contender !== 'blocks' && contender !== 'durable') return { connect: () => ({ data: null, transfer: [] }), close: async () => {} }
  const requests = { limit, per: /** @type {const} */ ('second') }
  const quota = await createQuota({ store: file, name: 'key', requests, ...(contender === 'durable' && { concurrency: 1_000_000 }) })
  return {
    connect() {
      const data = quota.connect()
      return { data, transfer: [data.port] }
    },
    close: () => quota.close(),
  }
}

/**
 * How a thread asks.
 *
 * @param {Contender} contender
 * @param {string} file
 * @param {number} limit
 * @param {any} data what {@link open} connected it with
 * @returns {Asker}
 */
export function asker(contender, file, limit, data) {
  switch (contender) {
    case 'blocks': {
      const quota = connectQuota(data)
      return { acquire: () => quota.acquire(), close: () => quota.close() }
    }
    case 'durable': {
      const quota = connectQuota(data)
      return {
        // Whoever calls a provider settles afterwards, and does not wait for that.
        acquire: async () => void quota.settle(await quota.acquire()).catch(() => {}),
        close: () => quota.close(),
      }
    }
    case 'rlf-memory':
      return patient(new RateLimiterMemory({ points: limit, duration: 1 }), () => {})
    case 'rlf-sqlite': {
      const db = rlfDatabase(file)
      const options = { storeClient: db, storeType: 'better-sqlite3', tableName: 'quota', tableCreated: true, points: limit, duration: 1 }
      return patient(new RateLimiterSQLite(options), () => db.close())
    }
    case 'bottleneck': {
      const limiter = new Bottleneck({ reservoir: limit, reservoirRefreshAmount: limit, reservoirRefreshInterval: 1_000 })
      return { acquire: () => limiter.schedule(async () => {}), close: () => limiter.disconnect() }
    }
  }
}

/** @returns {Asker} */
function patient(/** @type {RateLimiterMemory | RateLimiterSQLite} */ limiter, /** @type {() => unknown} */ close) {
  const acquire = async () => {
    for (;;) {
      try {
        return await limiter.consume('key')
      } catch (refusal) {
        if (refusal instanceof Error) throw refusal
        await sleep(Math.max(1, /** @type {{ msBeforeNext: number }} */ (refusal).msBeforeNext))
      }
    }
  }
  return { acquire, close }
}

/** As durable as drover's: each commit survives a power cut. */
function rlfDatabase(/** @type {string} */ file) {
  const db = new Database(file, { timeout: 10_000 })
  if (db.pragma('journal_mode', { simple: true }) !== 'wal') db.pragma('journal_mode = WAL')
  db.pragma('synchronous = FULL')
  db.exec('CREATE TABLE IF NOT EXISTS quota (key TEXT PRIMARY KEY, points INTEGER NOT NULL DEFAULT 0, expire INTEGER)')
  return db
}
