/** That a store is sound, as its own check says. */
import * as assert from 'uvu/assert'
import type { CheckPart, CheckProblem } from '../../../src/store/contract/reads.js'
import { checkReads } from '../../../src/store/sqlite/check.js'
import { openReader } from '../../../src/store/sqlite/open.js'

export function assertConsistent(file: string): void {
  assert.equal(problemsIn(file), [])
}

/** What the check finds, without a thread to make it in. */
export function problemsIn(file: string): CheckProblem[] {
  const found: CheckProblem[] = []
  const db = openReader(file)
  try {
    const { check } = checkReads(db)
    for (let after: string | null | undefined = null; after !== undefined; ) {
      const { problems, next }: CheckPart = check({ after })
      found.push(...problems)
      after = next ?? undefined
    }
  } finally {
    db.close()
  }
  return found
}
