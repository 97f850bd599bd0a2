/** An engine in the same thread as a client sees it: each call a group of its own, and whoever stands in line is answered when decided. */

import type { EngineClient, EngineReply } from '../../../src/store/contract/engine.js'
import type { QuotaTicket } from '../../../src/store/contract/quotas.js'
import { nameOf } from '../../../src/store/quotas/waiter.js'
import type { SqliteEngine } from '../../../src/store/sqlite/engine.js'

export function clientOf(engine: SqliteEngine): EngineClient {
  const inLine = new Map<string, (answer: unknown, error?: Error) => void>()
  const answerLine = (): void => {
    for (const decision of engine.takeQuotaDecisions()) {
      const { outcome } = decision
      const settle = inLine.get(nameOf(decision))
      inLine.delete(nameOf(decision))
      if ('error' in outcome) settle?.(null, outcome.error)
      else settle?.(outcome.answer)
    }
  }
  return {
    call(op, request) {
      const [answer] = engine.execute([{ op, request }])
      const waits = answer?.ok && op === 'acquireQuota' && (answer.value as { waiting?: boolean }).waiting === true
      return new Promise<EngineReply<typeof op>>((resolve, reject) => {
        if (waits) {
          inLine.set(nameOf(request as QuotaTicket), (value, error) => (error ? reject(error) : resolve(value as EngineReply<typeof op>)))
        } else if (answer?.ok) resolve(answer.value as EngineReply<typeof op>)
        else reject(answer?.error)
        answerLine()
      })
    },
  }
}
