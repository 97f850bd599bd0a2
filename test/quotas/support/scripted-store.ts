/** A store whose answers the test gives, call by call. */
import type { EngineClient, EngineOp, EngineReply, EngineRequest } from '../../../src/store/contract/engine.js'
import type { QuotaAnswer, QuotaGrant } from '../../../src/store/contract/quotas.js'

export interface Call<Op extends EngineOp = EngineOp> {
  op: Op
  request: EngineRequest<Op>
  answer(value: unknown): void
  fail(error: Error): void
}

/** Lets everything go on that has been answered. */
export const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

export class ScriptedStore implements EngineClient {
  readonly calls: Call[] = []

  call<Op extends EngineOp>(op: Op, request: EngineRequest<Op>): Promise<EngineReply<Op>> {
    return new Promise((resolve, reject) => {
      this.calls.push({ op, request, answer: (value) => resolve(value as EngineReply<Op>), fail: reject } as Call)
    })
  }

  /** What is asked for by a call that was not taken yet. */
  asked(place = 0): EngineRequest<'acquireQuota'> {
    const call = this.calls[place]
    if (call?.op !== 'acquireQuota') throw new Error(`nobody asks, but ${call?.op ?? 'nothing'}`)
    return call.request as EngineRequest<'acquireQuota'>
  }

  /** Takes the first call that was not taken yet, which has to be of this operation. */
  next<Op extends EngineOp>(op: Op): Call<Op> {
    const call = this.calls.shift()
    if (call?.op !== op) throw new Error(`${op} was expected, got ${call?.op ?? 'nothing'}`)
    return call as unknown as Call<Op>
  }

  /** Grants the next request. */
  grant(more: Partial<QuotaGrant> = {}): EngineRequest<'acquireQuota'> {
    const { request, answer } = this.next('acquireQuota')
    const { choices, amounts } = request
    const grant = {
      quota: choices[0],
      times: 1,
      booked: { 'key requests/minute': 100 },
      place: 7,
      expiresAt: 1_000,
      inFlight: false,
      ...more,
    }
    answer({ granted: true, grant: { amounts: { requests: 1, ...amounts }, ...grant } } as QuotaAnswer)
    return request
  }
}
