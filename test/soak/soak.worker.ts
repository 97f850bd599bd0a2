/**
 * A worker of the soak: does its tasks, notes what it does where it outlives thread and process, and fails on command at any moment, also
 * between tasks and halfway through a round trip to the store.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { BroadcastChannel, threadId } from 'node:worker_threads'
import { defineWorker, TaskError } from 'drover/worker'
import { noter } from './notes.js'
import type { ThreadFault } from './plan.js'
import { parkExitCode, type Script, type SoakInput } from './subject.js'

/** What a host tells its threads. */
export interface FaultOrder {
  worker: string
  how: Exclude<ThreadFault, 'terminate'>
}

const thread = { pid: process.pid, thread: threadId }

interface State {
  note: ReturnType<typeof noter>
  /** The next task never ends. */
  stalls: boolean
}

export default defineWorker<Script, object, State, SoakInput>({
  setup: (ctx) => {
    const note = noter(ctx.input.notes)
    const state: State = { note, stalls: false }
    const faults: Record<FaultOrder['how'], () => unknown> = {
      exit: () => process.exit(3),
      park: () => process.exit(parkExitCode),
      throw: () => {
        throw new Error('thrown on command')
      },
      reject: () => void Promise.reject(new Error('rejected on command')),
      fail: () => ctx.fail('failed on command'),
      spin: () => {
        for (;;) Math.sqrt(2)
      },
      block: () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0),
      stall: () => {
        state.stalls = true
      },
      'eat memory': () => {
        // Tiny objects: with large ones V8 may abort the whole process instead.
        let list: object | null = null
        for (;;) list = { list }
      },
    }
    const orders = new BroadcastChannel('soak')
    orders.onmessage = (message) => {
      const { worker, how } = (message as { data: FaultOrder }).data
      // Out of the port's own handler, which would take the error for one of its messages.
      if (worker === ctx.id) setImmediate(() => faults[how]())
    }
    orders.unref()
    note({ k: 'setup', worker: ctx.id, ...thread })
    return state
  },
  process: async ({ key, data, attempt }, ctx) => {
    ctx.state.note({ k: 'start', worker: ctx.id, key, attempt, ...thread })
    if (ctx.state.stalls) await new Promise(() => {})
    await sleep(ctx.input.everyMs)
    if (data.do === 'give up') throw new TaskError('HOPELESS', { retry: false })
    if (data.do === 'poison') process.exit(3)
    if (attempt <= (data.times ?? 0)) {
      if (data.do === 'exit') process.exit(3)
      throw new Error('not yet')
    }
    return thread
  },
})
