// @ts-check
/** What the demo can be told on the command line, and where it keeps its files. */
import { join } from 'node:path'
import { parseArgs } from 'node:util'

export const usage = `npm run demo -- [options]
  --chaos      kill, hang and starve workers while they run, and compare the labels with those of a calm run
  --seed N     which workers are struck, and over which items (default 1)
  --fresh      forget earlier runs
  --quick      a small part of the data
  --data DIR   where everything is kept (default data/demo)
  --port N     where the dashboard is served, on this machine only (default: any free port)
  --stay       keep the dashboard when the run is over, until Ctrl+C`

/**
 * @typedef {object} DemoOptions
 * @property {boolean} chaos
 * @property {boolean} fresh
 * @property {boolean} quick
 * @property {number} seed
 * @property {string} data
 * @property {number} port
 * @property {boolean} stay
 */

/**
 * @param {string[]} args
 * @returns {DemoOptions}
 */
export function readArguments(args) {
  const { values } = parseArgs({
    args,
    options: {
      chaos: { type: 'boolean', default: false },
      fresh: { type: 'boolean', default: false },
      quick: { type: 'boolean', default: false },
      seed: { type: 'string', default: '1' },
      data: { type: 'string', default: 'data/demo' },
      port: { type: 'string', default: '0' },
      stay: { type: 'boolean', default: false },
    },
  })
  const { chaos = false, fresh = false, quick = false, stay = false, data = 'data/demo' } = values
  const seed = Number(values.seed)
  if (!Number.isSafeInteger(seed) || seed < 0) throw new TypeError(`--seed must be a whole number, got ${values.seed}`)
  const port = Number(values.port)
  if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new TypeError(`--port must be 0 to 65535, got ${values.port}`)
  return { chaos, fresh, quick, seed, data, port, stay }
}

/** Runs over a part of the data, and runs with chaos, have files of their own beside those of the whole calm run. */
export function filesOf(/** @type {DemoOptions} */ { data, quick }) {
  const part = quick ? '-quick' : ''
  return {
    mails: join(data, `mails${part}.jsonl`),
    model: join(data, `spam-model${part}.json`),
    calm: { store: join(data, `drover${part}.db`), labels: join(data, `labels${part}.jsonl`) },
    chaos: { store: join(data, `chaos${part}.db`), labels: join(data, `chaos-labels${part}.jsonl`) },
  }
}
