/** Checks a whole store, part by part, while others work on it. */
import { DroverError } from '../../errors.js'
import { argumentError } from '../../validation/arguments.js'
import { checkOptions } from '../../validation/filters.js'
import { type ReadOptions, signalOf } from '../../validation/read-options.js'
import type { CheckReport } from '../check-report.js'
import { type CheckPart, type CheckProblem, mostExamples } from '../contract/reads.js'
import { damageText } from '../sqlite/sqlite-errors.js'
import { Reader } from './reader.js'

/** @param quick only the checks that find a damaged file or wrong counts */
export async function readCheck(reader: Reader, signal: AbortSignal | undefined, quick = false): Promise<CheckReport> {
  const report: CheckReport = { ok: true, problems: [], checked: {} }
  let after: string | null = null
  do {
    const { problems, checked, next }: CheckPart = await reader.read('check', { after, quick }, signal)
    const { check, ms } = checked
    report.checked[check] = Math.round((report.checked[check] ?? 0) + ms)
    for (const problem of problems) {
      // Lanes are checked one by one.
      const known = report.problems.find((one) => one.check === problem.check && one.message === problem.message)
      if (!known) report.problems.push(problem)
      else {
        known.count += problem.count
        known.examples = [...known.examples, ...problem.examples].slice(0, mostExamples)
      }
    }
    after = next
  } while (after !== null)
  report.ok = report.problems.length === 0
  return report
}

/** The result of a quick check after a host died. */
interface LookEvents {
  /** The file is damaged. */
  damaged(error: DroverError): void
  /** The file is whole, but counts do not match their rows. */
  doubtful(message: string, problems: CheckProblem[]): void
  failed(error: unknown): void
}

/** The quick check: every page of the file, and every count. */
export async function lookAtStore(reader: Reader, signal: AbortSignal, { damaged, doubtful, failed }: LookEvents): Promise<void> {
  try {
    const { ok, problems } = await readCheck(reader, signal, true)
    if (ok) return
    const [problem] = problems as [CheckProblem]
    const what = `${problem.message}: ${problem.examples.map((one) => (typeof one === 'string' ? one : JSON.stringify(one))).join('; ')}`
    if (problem.check === 'file') {
      damaged(new DroverError('STORE_FAILED', damageText(what), { details: { problems } }))
    } else doubtful(`the store contradicts itself (${what}): drover.check() says more`, problems)
  } catch (error) {
    if (!signal.aborted) failed(error)
  }
}

/**
 * As `drover.check()`, for a store that is not open or cannot be opened. Nothing is written to it; other processes may work on it
 * meanwhile.
 *
 * @param file the store's path
 * @param options.signal cancels the check
 * @throws DroverError READ_FAILED if the file cannot be read, ARGUMENT_INVALID; the reason of the signal
 * @example
 * const { ok, problems } = await checkStore('data/drover.db')
 */
export async function checkStore(file: string, options: ReadOptions = {}): Promise<CheckReport> {
  if (typeof file !== 'string' || file === '' || file === ':memory:') {
    throw argumentError('the store', 'the path of a file', file)
  }
  const signal = signalOf(checkOptions('the second argument of checkStore', options, ['signal']))
  const client = { call: () => Promise.reject(new DroverError('CLOSED', 'nobody has opened the store')) }
  const reader = new Reader({ file, client })
  try {
    return await readCheck(reader, signal)
  } finally {
    await reader.close()
  }
}
