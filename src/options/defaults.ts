import { policies } from './policies.js'

/** Every default of `options.ts`. */
export const defaults = {
  concurrency: 10,
  onFull: 'queue',
  onHeld: 'wait',
  onEscalation: 'stop',
  restart: policies.default,
  tasks: { maxAttempts: 3, poisonAfter: 2, timeoutMs: 0, backoff: { initialMs: 1_000, factor: 2, maxMs: 60_000, jitter: 0.2 } },
  breaker: { failures: 20, do: 'park', forMs: 5_000, maxMs: 300_000 },
  breakerShareWithinMs: 60_000,
  durability: 'power',
  drainMs: 10_000,
  idleMs: 5_000,
  killMs: 5_000,
  keepEvents: 100_000,
  maxTarget: 100_000,
  log: { level: 'info', console: true, maxBytes: 10_000_000, keep: 5 },
  evidence: { cpuProfileMs: 1_000, withinMs: 30_000, keep: 10 },
  worker: { enabled: true, delayMs: 0, concurrency: 1, prefetch: 'auto', priority: 0, isolation: 'thread' },
  supervisor: { strategy: 'one-for-one', significant: false, autoShutdown: 'never' },
  adapt: { decrease: 0.5, increasePerMinute: 0.1, least: 0.1 },
  intensity: { restarts: 3, withinMs: 5_000 },
} as const
