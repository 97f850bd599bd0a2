/** The calls that delete results: nothing is stopped or deleted without the exact word. */
import { Hono } from 'hono'
import * as v from 'valibot'
import type { ResetOutcome } from '../../drover/reports.js'
import type { Selector } from '../../drover/selector.js'
import { refuse } from '../base/errors.js'
import type { Env } from '../base/request-env.js'
import type { StatusContext } from '../base/status-context.js'
import { confirmationWord } from '../contract/common.js'
import { answerer } from './answer.js'
import * as contract from './contract.js'
import { bodyOf, controlling, query } from './describe.js'
import { presentSeedOutcome } from './present.js'
import { selectorOf } from './selection.js'

/** The first is the word of old clients. */
const resetWords: readonly unknown[] = ['DELETE', confirmationWord]
const factoryWord = 'FACTORY_RESET'

const factoryQuery = v.object({ confirmation: v.optional(v.string()) })

export function resetRoutes({ drover, control, options }: StatusContext): Hono<Env> {
  const answer = answerer(options.envelope)
  /** Disabled workers too: they may have results. */
  const everyone = (): Selector => [...drover.view.ids()]
  return new Hono<Env>()
    .post(
      '/reset',
      controlling({
        id: 'seedReset',
        summary: 'Delete all results of one worker, or of all: needs the confirmation word',
        answer: contract.seedReset,
        body: contract.seedResetCall,
      }),
      control('workers.reset'),
      async (c) => {
        const call = await bodyOf(c, contract.seedResetCall)
        const selector = toReset(call)
        const done = await drover.reset(selector ?? everyone(), { data: true })
        const [first] = done
        if (call.scope === 'single' && first && done.every(({ ok }) => !ok)) throw refuse('NOT_DOWN', `${first.worker}: ${first.message}`)
        return answer(c, resetAnswer(call.scope, done), toldOf(done))
      },
    )
    .post(
      '/factory-reset',
      controlling({
        id: 'seedFactoryReset',
        summary: 'Stop all workers, and delete all their results: needs the confirmation word in the query',
        answer: contract.seedReset,
      }),
      query(factoryQuery),
      control('workers.reset'),
      async (c) => {
        if (c.req.valid('query').confirmation !== factoryWord) {
          throw refuse('CONFIRMATION_REQUIRED', `this stops all workers and deletes all results: it needs ?confirmation=${factoryWord}`)
        }
        await drover.stop(everyone())
        const done = await drover.reset(everyone(), { data: true })
        return answer(c, resetAnswer('all', done), toldOf(done))
      },
    )
}

/** @throws HTTPException 400 unless the selection is clear and confirmed */
function toReset({ scope, annotator_id, domain, confirmation }: v.InferOutput<typeof contract.seedResetCall>): Selector | undefined {
  if (!resetWords.includes(confirmation)) {
    throw refuse(
      'CONFIRMATION_REQUIRED',
      `this deletes results: it needs the confirmation ${resetWords.map((word) => `"${word}"`).join(' or ')}`,
    )
  }
  const selector = selectorOf({ annotator_id, domain })
  const isOne = annotator_id !== undefined && annotator_id !== null && domain !== undefined && domain !== null
  if (scope === 'single' && !isOne) throw refuse('VALIDATION_FAILED', 'scope "single" needs annotator_id and domain')
  if (scope === 'all' && selector) throw refuse('VALIDATION_FAILED', 'scope "all" takes no annotator_id and no domain')
  return selector
}

function resetAnswer(scope: 'single' | 'all', done: readonly ResetOutcome[]): v.InferOutput<typeof contract.seedReset> {
  const sum = (of: 'results' | 'dead'): number => done.reduce((total, { deleted }) => total + deleted[of], 0)
  return {
    scope,
    deleted: { results: sum('results'), dead: sum('dead') },
    workers: done.map(({ deleted, ...outcome }) => ({ ...presentSeedOutcome(outcome), deleted })),
  }
}

function toldOf(done: readonly ResetOutcome[]): string {
  const failed = done.filter(({ ok }) => !ok)
  const reset = `${done.length - failed.length} workers reset`
  return failed.length === 0 ? reset : `${reset}, not ${failed.map(({ worker, message }) => `${worker} (${message})`).join(', ')}`
}
