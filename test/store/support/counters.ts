/** That a store is sound, as its own check says. */
import * as assert from 'uvu/assert'
import type { CheckPart } from '../../../src/store/contract/reads.js'
import { checkReads } from '../../../src/store/sqlite/check.js'
import { openReader } from '../../../src/store/sqlite/open.js'

export function assertConsistent(file: string): void {
  const db = openReader(file)
  try {
    const { check } = checkReads(db)
    for (let after: string | null | undefined = null; after !== undefined; ) {
      const { problems, next }: CheckPart = check({ after })
      assert.equal(problems, [])
      after = next ?? undefined
    }
  } finally {
    db.close()
  }
}
