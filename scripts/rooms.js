/**
 * The rooms of `src/` and the arrows between them, from the bottom up: a room imports from itself and from those that it names, types included. `npm run lint`
 * holds the imports against it (`.dependency-cruiser.js`), and the table in ARCHITECTURE.md is made of it: `node scripts/rooms.js`.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'

/** @type {{ room: string, what: string, may: string[] }[]} A room is a folder, with what has no room of its own below it, or an entry point. */
export const rooms = [
  {
    room: 'values',
    what: "values from outside, read without trust: headers, errors' fields, odd objects; a value in words; the name that was meant",
    may: [],
  },
  {
    room: 'root',
    what: '`bounds`, `errors`, `failure`, `instance-ids`, `log-levels`, `own-file` (what threads start from), `redact`, types of workers and of constants: what everything shares',
    may: ['values'],
  },
  {
    room: 'time',
    what: 'clocks, timers that a suspended host does not confuse, waits that grow, the pace of frames, turns of the event loop, calendars',
    may: ['root'],
  },
  {
    room: 'store/contract',
    what: 'what a store is asked and answers, by subject; the same for every engine',
    may: ['root'],
  },
  {
    room: 'validation',
    what: 'arguments of public calls: checks, and errors that name what is allowed',
    may: ['values', 'root'],
  },
  {
    room: 'store/quotas',
    what: 'limits and windows, and who is granted next: pure, the same for every engine',
    may: ['values', 'root', 'time', 'store/contract', 'validation'],
  },
  {
    room: 'options',
    what: 'one file an option group: type, docs, bounds, default, how it fits with others; then validate and compile',
    may: ['values', 'root', 'time', 'store/contract', 'validation', 'store/quotas'],
  },
  {
    room: 'machines/lifecycle',
    what: 'the lifecycle of a worker: the chart, its actions, the judge of failures; pure',
    may: ['values', 'root', 'time', 'options'],
  },
  {
    room: 'machines/supervision',
    what: "OTP's rules: trees, strategies, start order, stop sequence, restart window; pure",
    may: ['values', 'options', 'machines/lifecycle'],
  },
  {
    room: 'actors/supervisor',
    what: 'the supervisor actor, its children, stopping in order',
    may: ['time', 'options', 'machines/lifecycle', 'machines/supervision'],
  },
  {
    room: 'machines',
    what: 'slots, the start gate, the breaker of tasks; pure',
    may: ['time', 'options'],
  },
  {
    room: 'logs/files',
    what: 'log files by worker and day',
    may: ['time'],
  },
  {
    room: 'logs',
    what: 'records, console, the ring of recent ones',
    may: ['values', 'root', 'time', 'validation', 'options', 'logs/files'],
  },
  {
    room: 'events',
    what: 'the event map, the emitter, which events are stored, the recorder',
    may: ['root', 'time', 'store/contract', 'machines/lifecycle', 'machines/supervision', 'logs'],
  },
  {
    room: 'store',
    what: 'hosts: who they are, whether they are gone, how they renew; calls tried again while the store cannot be written; sizes and space; agreement of labels',
    may: ['root', 'time', 'store/contract', 'logs'],
  },
  {
    room: 'threads/evidence',
    what: 'stack, CPU profile, heap snapshot, and the files of them',
    may: ['values', 'root', 'time', 'options'],
  },
  {
    room: 'failures',
    what: 'errors of one cause are told from others',
    may: ['values', 'root'],
  },
  {
    room: 'ports',
    what: 'messages and calls over a port, a pipe or a stream of frames',
    may: ['values', 'root'],
  },
  {
    room: 'store/sqlite',
    what: 'the engine on SQLite: registry, tasks, quotas, reads',
    may: ['values', 'root', 'time', 'store/contract', 'validation', 'store/quotas', 'store', 'failures'],
  },
  {
    room: 'store/thread',
    what: 'the one writer: its thread, its handle, its client',
    may: ['values', 'root', 'time', 'store/contract', 'store/quotas', 'ports', 'store/sqlite'],
  },
  {
    room: 'threads/heartbeat',
    what: 'all of how a hang is found: beats, verdict, starvation, monitor',
    may: ['values', 'time'],
  },
  {
    room: 'quotas/providers',
    what: "what providers' answers say of limits and usage",
    may: ['values', 'store/contract'],
  },
  {
    room: 'quotas',
    what: 'the asking side: client, blocks, settlements, presets, quotas without workers',
    may: ['values', 'root', 'time', 'store/contract', 'validation', 'store/quotas', 'options', 'store', 'store/thread', 'quotas/providers'],
  },
  {
    room: 'threads/messages',
    what: 'messages between workers: lines and links of senders, mailboxes of receivers, time limits, dead letters',
    may: ['values', 'root', 'time', 'validation', 'options', 'ports'],
  },
  {
    room: 'threads/protocol',
    what: 'messages between a worker and its host; tasks in hand, in shared memory',
    may: ['values', 'root', 'store/contract', 'options', 'machines', 'threads/evidence', 'threads/heartbeat', 'threads/messages'],
  },
  {
    room: 'threads/runtime',
    what: "inside the worker's thread: its module, its context, the task loop",
    may: [
      'values',
      'root',
      'time',
      'store/contract',
      'validation',
      'store/quotas',
      'options',
      'machines',
      'logs',
      'threads/evidence',
      'failures',
      'ports',
      'store/thread',
      'threads/heartbeat',
      'quotas/providers',
      'quotas',
      'threads/messages',
      'threads/protocol',
    ],
  },
  {
    room: 'threads/isolation',
    what: 'a life in a thread or in a process: entries, the crash file, what cannot be killed',
    may: [
      'values',
      'root',
      'time',
      'store/contract',
      'options',
      'threads/evidence',
      'ports',
      'store/thread',
      'threads/heartbeat',
      'threads/messages',
      'threads/protocol',
      'threads/runtime',
    ],
  },
  {
    room: 'pools',
    what: 'pools on piscina: the line of tasks, the threads and their end, restarts; what runs in a thread of a pool',
    may: [
      'values',
      'root',
      'time',
      'validation',
      'options',
      'machines/lifecycle',
      'logs',
      'events',
      'threads/evidence',
      'threads/runtime',
      'threads/isolation',
    ],
  },
  {
    room: 'actors/worker',
    what: 'one worker as its system manages it, a file for each part of its state: registration, starts, spawn, its thread',
    may: [
      'values',
      'root',
      'time',
      'store/contract',
      'validation',
      'options',
      'machines/lifecycle',
      'machines/supervision',
      'actors/supervisor',
      'machines',
      'logs',
      'events',
      'store',
      'threads/evidence',
      'failures',
      'store/thread',
      'threads/heartbeat',
      'threads/messages',
      'threads/protocol',
      'threads/isolation',
      'pools',
    ],
  },
  {
    room: 'store/read-pool',
    what: 'reads beside the writer, by priority; the check of a whole store',
    may: ['root', 'time', 'store/contract', 'validation', 'store', 'store/sqlite'],
  },
  {
    room: 'actors/system',
    what: 'opening and closing, recovery, the root actor, membership, status, control of quotas',
    may: [
      'values',
      'root',
      'time',
      'store/contract',
      'validation',
      'store/quotas',
      'options',
      'machines/lifecycle',
      'machines/supervision',
      'actors/supervisor',
      'machines',
      'logs',
      'events',
      'store',
      'threads/evidence',
      'store/thread',
      'threads/heartbeat',
      'pools',
      'actors/worker',
      'store/read-pool',
      'threads/messages',
    ],
  },
  {
    room: 'progress',
    what: 'bars and lines on the terminal',
    may: ['values', 'time', 'validation', 'machines/lifecycle', 'logs', 'events', 'actors/system'],
  },
  {
    room: 'drover',
    what: 'the façade and a file a facet: control, loads, done, close, results, tasks, reads, usage, runs, signals',
    may: [
      'values',
      'root',
      'time',
      'store/contract',
      'validation',
      'store/quotas',
      'options',
      'machines/lifecycle',
      'machines/supervision',
      'actors/supervisor',
      'logs',
      'events',
      'store',
      'threads/evidence',
      'pools',
      'failures',
      'actors/worker',
      'store/read-pool',
      'actors/system',
      'progress',
      'threads/messages',
    ],
  },
  {
    room: 'http/contract',
    what: 'what goes over the wire, as schemas; answers, the OpenAPI document and both clients come from them',
    may: ['root', 'machines/lifecycle', 'events'],
  },
  {
    room: 'http/client',
    what: 'the client of the status server, for browsers and Node.js',
    may: ['http/contract'],
  },
  {
    room: 'http/base',
    what: 'context, options and errors of the status server',
    may: ['root', 'drover', 'http/contract'],
  },
  {
    room: 'http/present',
    what: 'what is shown of workers, quotas and the whole',
    may: [
      'values',
      'root',
      'time',
      'store/contract',
      'store/quotas',
      'machines/lifecycle',
      'events',
      'actors/system',
      'drover',
      'http/contract',
    ],
  },
  {
    room: 'http/api',
    what: 'the JSON API, version 1',
    may: [
      'root',
      'validation',
      'options',
      'machines/lifecycle',
      'events',
      'actors/system',
      'drover',
      'http/contract',
      'http/base',
      'http/present',
    ],
  },
  {
    room: 'http/legacy',
    what: "the old client's paths and frames",
    may: [
      'root',
      'time',
      'store/contract',
      'validation',
      'machines/lifecycle',
      'logs',
      'actors/system',
      'drover',
      'http/contract',
      'http/base',
      'http/present',
    ],
  },
  {
    room: 'http/socket',
    what: 'the live state over WebSockets',
    may: ['root', 'time', 'events', 'actors/system', 'drover', 'http/contract', 'http/client', 'http/base', 'http/present', 'http/legacy'],
  },
  {
    room: 'http/security',
    what: 'who may do what: tokens, sessions, hosts, origins, attempts',
    may: ['root', 'drover', 'http/contract', 'http/base'],
  },
  {
    room: 'http/openapi',
    what: 'the OpenAPI document and its page',
    may: ['http/base', 'http/api'],
  },
  {
    room: 'http',
    what: 'the app, its assets and probes, the server',
    may: [
      'root',
      'validation',
      'options',
      'drover',
      'http/base',
      'http/api',
      'http/legacy',
      'http/socket',
      'http/security',
      'http/openapi',
    ],
  },
  {
    room: 'options/file',
    what: 'options from a JSON file',
    may: ['root', 'validation', 'options'],
  },
  {
    room: 'testing',
    what: 'the fake provider and its simulated clock',
    may: ['root', 'time', 'validation'],
  },
  {
    room: 'http/dashboard',
    what: 'the dashboard (Preact), built into `dist/dashboard/`',
    may: ['values', 'root', 'events', 'http/contract', 'http/client'],
  },
  {
    room: 'client.ts',
    what: 'the entry point `drover/client`',
    may: ['http/contract', 'http/client'],
  },
  {
    room: 'http.ts',
    what: 'the entry point `drover/http`',
    may: ['http/base', 'http/api', 'http'],
  },
  {
    room: 'index.ts',
    what: 'the entry point `drover`',
    may: [
      'root',
      'time',
      'store/contract',
      'validation',
      'options',
      'machines/lifecycle',
      'machines/supervision',
      'logs',
      'events',
      'store',
      'threads/evidence',
      'pools',
      'quotas/providers',
      'quotas',
      'actors/worker',
      'store/read-pool',
      'actors/system',
      'progress',
      'drover',
      'options/file',
      'threads/messages',
    ],
  },
  {
    room: 'testing.ts',
    what: 'the entry point `drover/testing`',
    may: ['testing'],
  },
  {
    room: 'worker.ts',
    what: 'the entry point `drover/worker`',
    may: ['root', 'store/contract', 'logs', 'quotas/providers', 'quotas', 'threads/runtime', 'threads/messages', 'pools'],
  },
]

/** Files that everything shares and that have no folder. */
const shared = [
  'bounds',
  'errors',
  'failure',
  'instance-ids',
  'log-levels',
  'own-file',
  'pool-state',
  'readonly-deep',
  'redact',
  'typed-worker',
]

/** The files of a room, as a regular expression over paths. @param {string} room */
export function filesOf(room) {
  if (room === 'root') return `^src/(?:${shared.join('|')})\\.ts$`
  if (room.endsWith('.ts')) return `^src/${room.replace('.', '\\.')}$`
  const inner = rooms.map((one) => one.room).filter((one) => one.startsWith(`${room}/`))
  return `^src/${room}/${inner.length > 0 ? `(?!(?:${inner.map((one) => one.slice(room.length + 1)).join('|')})/)` : ''}`
}

const file = 'ARCHITECTURE.md'
const between = /(<!-- rooms: made by scripts\/rooms\.js -->\n)[\s\S]*?(<!-- \/rooms -->)/

function table() {
  const named = (/** @type {string} */ room) => (room === 'root' ? '`src/`' : `\`src/${room}${room.endsWith('.ts') ? '' : '/'}\``)
  const lines = rooms.map(
    ({ room, what, may }) => `| ${named(room)} | ${what} | ${may.map((one) => (one === 'root' ? 'src' : one)).join(', ')} |`,
  )
  return `\n| room | what is there | may import |\n|---|---|---|\n${lines.join('\n')}\n\n`
}

for (const [index, { room, may }] of rooms.entries()) {
  const up = may.find((one) => !rooms.slice(0, index).some((lower) => lower.room === one))
  if (up) throw new Error(`scripts/rooms.js: ${room} may import ${up}, which does not stand below it`)
}

if (process.argv[1] === resolve(import.meta.dirname, 'rooms.js')) {
  const text = readFileSync(file, 'utf8')
  const wanted = text.replace(between, (_, start, end) => `${start}${table()}${end}`)
  if (!process.argv.includes('--check')) writeFileSync(file, wanted)
  else if (text !== wanted) {
    console.error(`${file}: the table of rooms is not that of scripts/rooms.js: run node scripts/rooms.js`)
    process.exitCode = 1
  }
}
