/**
 * What the latest exchanges of each worker did, so that one that is repeated (its reply was lost) is told what became of it
 * instead of being done again. One small row an exchange, written over after {@link remembered} more.
 */

import type { Fence, Token } from '../../contract/basics.js'
import type { Settled } from '../../contract/tasks.js'
import type { EngineContext } from '../engine-context.js'

/** So many exchanges of a worker are remembered; more than it can have in flight. */
const remembered = 64

/** Consecutive tokens that were settled alike. */
type Run = [first: Token, last: Token, settled: Settled]

/** One exchange: what it settled, and the tokens it handed out. */
export interface Receipt {
  runs: Run[]
  first: Token
  last: Token
}

export type Receipts = ReturnType<typeof receipts>

export function receipts({ db }: EngineContext) {
  const select = db
    .prepare<[number, number, Fence, number], [string, Token, Token]>(
      'SELECT runs, first, last FROM receipt WHERE worker = ? AND slot = ? AND fence = ? AND request = ?',
    )
    .raw()
  const selectRuns = db.prepare<[number], string>('SELECT runs FROM receipt WHERE worker = ? ORDER BY request DESC').pluck()
  const insert = db.prepare<[number, number, Fence, number, string, Token, Token]>(
    'INSERT OR REPLACE INTO receipt (worker, slot, fence, request, runs, first, last) VALUES (?, ?, ?, ?, ?, ?, ?)',
  )
  const remove = db.prepare<[number]>('DELETE FROM receipt WHERE worker = ?')

  return {
    find(worker: number, fence: Fence, request: number): Receipt | null {
      const row = select.get(worker, request % remembered, fence, request)
      return row ? { runs: JSON.parse(row[0]) as Run[], first: row[1], last: row[2] } : null
    },

    /** Everything the worker's remembered exchanges settled, latest first. */
    runsOf(worker: number): Run[] {
      return selectRuns.all(worker).flatMap((runs) => JSON.parse(runs) as Run[])
    },

    keep(worker: number, fence: Fence, request: number, receipt: Receipt): void {
      insert.run(worker, request % remembered, fence, request, JSON.stringify(receipt.runs), receipt.first, receipt.last)
    },

    forget(worker: number): void {
      remove.run(worker)
    },
  }
}

/** Notes that a token was settled. Runs stay short where tokens are settled in order. */
export function note(runs: Run[], token: Token, settled: Settled): void {
  const run = runs.at(-1)
  if (run && run[1] + 1 === token && run[2] === settled) run[1] = token
  else runs.push([token, token, settled])
}

/** What became of a token that is not leased any more, as far as it is remembered. */
export function recall(runs: readonly Run[], token: Token): Settled | null {
  const settled = runs.find(([first, last]) => token >= first && token <= last)?.[2] ?? null
  return settled === 'stored' ? 'already' : settled
}
