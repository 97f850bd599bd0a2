/** A worker's lifecycle whose thread and clock are played by the test. */
import { createActor, SimulatedClock } from 'xstate'
import type { Failure, FailureKind } from '../../../../src/failure.js'
import type { LifecycleEvent, WorkerMemory } from '../../../../src/machines/lifecycle/contract.js'
import { workerLifecycle } from '../../../../src/machines/lifecycle/machine.js'
import type { WorkerState } from '../../../../src/machines/lifecycle/states.js'
import type { RestartPolicy } from '../../../../src/options/restart.js'
import { policies } from '../../../../src/options/restart-policies.js'

interface Options {
  /** @defaultValue 0 */
  idleMs?: number
  policy?: RestartPolicy
  restored?: { state: WorkerState; memory: WorkerMemory }
  /** What the lifecycle reads at a time of the clock; the timers go by the clock itself. */
  now?: (time: number) => number
  /** How far the wall clock is ahead of the other. @defaultValue 0 */
  ahead?: () => number
  /** Whether a thread comes when one is asked for. @defaultValue true */
  spawns?: boolean
}

export function begin({
  policy = policies.default,
  restored,
  now = (time) => time,
  ahead = () => 0,
  spawns = true,
  idleMs = 0,
}: Options = {}) {
  const clock = new SimulatedClock()
  const path: WorkerState[] = []
  const effects: string[] = []
  const failures: Failure[] = []
  const note = (what: string) => () => void effects.push(what)
  const actor = createActor(workerLifecycle, {
    clock,
    input: {
      effects: {
        now: () => now(clock.now()),
        wall: () => now(clock.now()) + ahead(),
        shownAt: (time) => time + ahead(),
        timeOf: (shown) => shown - ahead(),
        enter: (state) => {
          if (path.at(-1) !== state) path.push(state)
        },
        failed: (failure) => failures.push(failure),
        policyFailed: () => effects.push('policyFailed'),
        askRestart: () => send({ type: 'GRANTED', inTurn: false }),
        ended: (how, why) => {
          if (how === 'escalated') effects.push(`escalate ${why}`)
        },
        requestSlot: note('requestSlot'),
        releaseSlot: note('releaseSlot'),
        spawn: () => {
          effects.push('spawn')
          if (spawns) send('SPAWNED')
        },
        keep: note('keep'),
        short: (why, times) => effects.push(`short ${times}: ${why}`),
        pause: note('pause'),
        resume: note('resume'),
        restIdle: note('restIdle'),
        finish: (ms) => effects.push(`finish ${ms}`),
        kill: ({ kind }, evidence) => effects.push(`kill ${kind}${evidence ? ' with evidence' : ''}`),
      },
      policy,
      startTimeoutMs: 30_000,
      drainMs: 10_000,
      idleMs,
      restored: restored ?? null,
      random: () => 0,
    },
  })
  actor.start()
  const send = (...events: (LifecycleEvent | LifecycleEvent['type'])[]) => {
    for (const event of events) actor.send(typeof event === 'string' ? ({ type: event } as LifecycleEvent) : event)
  }
  return {
    clock,
    /** As the lifecycle reads it. */
    now: () => now(clock.now()),
    path,
    effects,
    failures,
    actor,
    send,
    run: () => send('START', 'SLOT', 'READY'),
    memory: () => actor.getSnapshot().context.memory,
  }
}

export function failure(kind: FailureKind = 'exit', uptimeMs: number | null = 1_000): Failure {
  return { kind, message: 'it broke', error: null, exitCode: 3, hungAt: null, evidence: null, tasks: [], uptimeMs, at: 0 }
}
export const down = (kind?: FailureKind, uptimeMs?: number | null): LifecycleEvent => ({ type: 'ENDED', failure: failure(kind, uptimeMs) })
export const asked: LifecycleEvent = { type: 'ENDED', failure: null }
