/**
 * Receipts of the latest exchanges of each worker: a repeated exchange (its reply was lost) is answered from its receipt instead
 * of being done again. One small row for each exchange, overwritten after {@link remembered} more.
 */

import type { Fence, Token } from '../../contract/basics.js'
import type { Settled } from '../../contract/tasks.js'
import type { EngineContext } from '../engine-context.js'

/** Remembered exchanges of a worker: more than it can have in flight. */
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

    /** All settlements of the worker's remembered exchanges, latest first. */
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

/** Notes a settled token. Tokens settled in order make few runs. */
export function note(runs: Run[], token: Token, settled: Settled): void {
  const run = runs.at(-1)
  if (run && run[1] + 1 === token && run[2] === settled) run[1] = token
  else runs.push([token, token, settled])
}

/** The outcome of a token that is no longer leased, if remembered. */
export function recall(runs: readonly Run[], token: Token): Settled | null {
  const settled = runs.find(([first, last]) => token >= first && token <= last)?.[2] ?? null
  return settled === 'stored' ? 'already' : settled
}
