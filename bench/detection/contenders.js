// @ts-check
/** Who takes part, with which limits. */

/**
 * @typedef {object} Contender
 * @property {string} name
 * @property {string} host its file in `hosts`
 * @property {object} settings
 * @property {readonly import('./faults.js').Fault[]} faults
 * @property {boolean} durable tasks outlive the host: when that dies, the bench starts it again at once, as a service manager would
 * @property {number} [slowMs] its own limits are longer than a round: it is run once, and given so long
 * @property {import('./peers.js').Peer} [needs]
 * @property {boolean} [redis]
 */

const ends = /** @type {const} */ (['throw', 'reject', 'exit', 'memory', 'kill', 'segv'])
const hangs = /** @type {const} */ (['loop', 'block', 'native', 'stall', 'setup'])
const hangsInTask = /** @type {const} */ (['loop', 'block', 'native', 'stall'])
const all = [...ends, ...hangs]
const limitMs = 1_000

/** @type {readonly Contender[]} */
export const contenders = [
  { name: 'drover, defaults', host: 'drover', settings: {}, faults: ends, durable: true },
  { name: 'drover, in a process', host: 'drover', settings: { isolation: 'process' }, faults: ends, durable: true },
  { name: 'drover, in a process, 1 s', host: 'drover', settings: { isolation: 'process', limitMs }, faults: hangs, durable: true },
  { name: 'drover, 1 s', host: 'drover', settings: { limitMs }, faults: hangs, durable: true },
  {
    name: 'drover, 1 s, 10 others busy',
    host: 'drover',
    settings: { limitMs, busy: 10 },
    faults: [...ends, ...hangsInTask],
    durable: true,
  },
  { name: 'drover, defaults', host: 'drover', settings: {}, faults: hangs, durable: true, slowMs: 330_000 },
  { name: 'PM2', host: 'pm2', settings: {}, faults: all, durable: false, needs: 'pm2' },
  { name: 'BullMQ, 1 s', host: 'bullmq-processes', settings: { limitMs }, faults: [...ends, ...hangsInTask], durable: true, redis: true },
  {
    name: 'BullMQ, defaults',
    host: 'bullmq-processes',
    settings: {},
    faults: ['exit', 'kill', ...hangsInTask],
    durable: true,
    redis: true,
    slowMs: 150_000,
  },
  { name: 'BullMQ sandbox, processes', host: 'bullmq-sandbox', settings: { threads: false }, faults: all, durable: true, redis: true },
  { name: 'BullMQ sandbox, threads', host: 'bullmq-sandbox', settings: { threads: true }, faults: all, durable: true, redis: true },
  { name: 'piscina', host: 'piscina', settings: {}, faults: all, durable: false },
  { name: 'piscina, 1 s a task', host: 'piscina', settings: { limitMs }, faults: hangs, durable: false },
  { name: 'poolifier', host: 'poolifier', settings: {}, faults: all, durable: false, needs: 'poolifier' },
  { name: 'poolifier, 1 s a task', host: 'poolifier', settings: { limitMs }, faults: hangs, durable: false, needs: 'poolifier' },
]
