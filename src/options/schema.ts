/**
 * The form of the options, as valibot schemas. What one option allows by itself is said here; what options must fit together
 * is in `rules.ts`. The message of a schema is what it expects, in words; values that it names in quotes are offered to whoever
 * misspelt one.
 */
import * as v from 'valibot'
import { flag, group, isRecord, milliseconds, name, oneOf, path, whole } from '../validation/pieces.js'
import { evidence } from './evidence.js'
import { heartbeat } from './heartbeat.js'
import { budget, quotaSchema } from './quota.js'
import { restart } from './restart-schema.js'
import { entry } from './supervisor.js'
import { tasks } from './tasks.js'

/** The options of a system. */
export const droverSchema = group(
  {
    store: path("the path of a file, or ':memory:'"),
    workers: v.array(entry, 'a list of workers'),
    concurrency: v.optional(whole(1)),
    groups: v.optional(
      v.pipe(v.custom<Record<string, unknown>>(isRecord, 'an object of limits by group'), v.record(name('the name of a group'), whole(1))),
    ),
    onFull: v.optional(oneOf('queue', 'reject')),
    onHeld: v.optional(oneOf('wait', 'refuse')),
    onEscalation: v.optional(oneOf('stop', 'keep')),
    quotas: v.optional(
      v.pipe(
        v.custom<Record<string, unknown>>(isRecord, 'an object of quotas by name'),
        v.record(name('the name of a quota'), quotaSchema),
      ),
    ),
    budget: v.optional(budget),
    heartbeat: v.optional(heartbeat),
    restart: v.optional(restart),
    tasks: v.optional(tasks),
    durability: v.optional(oneOf('power', 'process')),
    drainMs: v.optional(milliseconds(0)),
    idleMs: v.optional(milliseconds(0)),
    killMs: v.optional(milliseconds(1)),
    keepEvents: v.optional(whole(0)),
    limits: v.optional(group({ maxTarget: v.optional(whole(1)) })),
    log: v.optional(
      group({
        level: v.optional(oneOf('silent', 'error', 'warn', 'info', 'debug')),
        console: v.optional(flag),
        dir: v.optional(v.lazy((value) => (value === false ? v.literal(false) : path('the path of a folder, or false')))),
        maxBytes: v.optional(whole(1_000)),
        keep: v.optional(whole(0, 1_000)),
      }),
    ),
    evidence: v.optional(evidence),
    secrets: v.optional(
      v.array(
        v.custom<string>((value) => typeof value === 'string' && value !== '', 'a text'),
        'a list of texts',
      ),
    ),
  },
  'an object with at least store and workers',
)

/** Options that have the right form. */
export type CheckedOptions = v.InferOutput<typeof droverSchema>
