/** A supervision tree of real supervisors and lifecycles, whose threads and clock are played by the test. */
import { createActor, SimulatedClock } from 'xstate'
import {
  type SupervisedWorker,
  type SupervisionEffects,
  type SupervisorRef,
  supervisorAddress,
  type WorkerRef,
} from '../../../../src/actors/supervisor/contract.js'
import { supervisor } from '../../../../src/actors/supervisor/supervisor.js'
import type { Failure, FailureKind } from '../../../../src/failure.js'
import type { LifecycleEffects, LifecycleEvent, LifecycleInput } from '../../../../src/machines/lifecycle/contract.js'
import type { WorkerState } from '../../../../src/machines/lifecycle/states.js'
import { Slots } from '../../../../src/machines/slots.js'
import { StartOrder } from '../../../../src/machines/supervision/start-order.js'
import { StopSequence } from '../../../../src/machines/supervision/stop-sequence.js'
import type { SiblingPhase } from '../../../../src/machines/supervision/strategies.js'
import { Tree } from '../../../../src/machines/supervision/tree.js'
import type { RestartMode, RestartPolicy, RestartRules } from '../../../../src/options/restart.js'
import { filledPolicy } from '../../../../src/options/restart-policies.js'
import { isSupervisor, type SupervisorNode, type TreeNode, workersOf } from '../../../../src/options/tree.js'

/** As OTP restarts: at once, any number of times. */
const atOnce: RestartRules = {
  maxRestarts: Number.POSITIVE_INFINITY,
  resetAfterMs: Number.POSITIVE_INFINITY,
  backoff: { initialMs: 0, maxMs: 0 },
}

export interface WorkerSpec {
  id: string
  mode?: RestartMode
  significant?: boolean
  policy?: RestartPolicy
  /** Its own stop timeout. */
  drainMs?: number
}

type ChildSpec = string | WorkerSpec | SupervisorNode

/** A worker under test: `a` is permanent, as OTP's children are unless they say otherwise. */
const specOf = (child: string | WorkerSpec): WorkerSpec => (typeof child === 'string' ? { id: child } : child)
const specs = new WeakMap<TreeNode, WorkerSpec>()

/** A supervisor; OTP's defaults but for an intensity that most cases never reach. */
export function sup(id: string, options: Partial<Omit<SupervisorNode, 'id' | 'children'>>, children: ChildSpec[]): SupervisorNode {
  return {
    id,
    strategy: 'one-for-one',
    intensity: { restarts: 10, withinMs: 3_600_000 },
    mode: 'permanent',
    significant: false,
    autoShutdown: 'never',
    ...options,
    children: children.map((child) => {
      if (typeof child !== 'string' && 'children' in child) return child
      const spec = specOf(child)
      const node = { worker: spec.id, mode: spec.mode ?? 'permanent', significant: spec.significant ?? false }
      specs.set(node, spec)
      return node
    }),
  }
}

class Puppet implements LifecycleEffects, SupervisedWorker {
  state: WorkerState = 'idle'
  beingStarted = false
  timesStarted = 0
  #admitted = false
  #lives = 0
  #ref: WorkerRef | null = null
  #supervisor: SupervisorRef | null = null

  constructor(
    readonly spec: Required<WorkerSpec>,
    private readonly world: World,
  ) {}

  get live(): boolean {
    return ['starting', 'running', 'paused', 'stuck', 'stopping', 'crashed'].includes(this.state)
  }
  get hasRun(): boolean {
    return this.state === 'completed'
  }
  get phase(): SiblingPhase {
    const { state } = this
    if (state === 'queued') return !this.#admitted ? 'wanted' : this.world.slots.holds(this.spec.id) ? 'starting' : 'queued'
    if (state === 'starting') return 'starting'
    if (state === 'running' || state === 'paused' || state === 'parked') return 'up'
    if (state === 'backoff') return 'waiting'
    if (state === 'stopping' || state === 'stuck' || state === 'crashed') return 'falling'
    return this.beingStarted ? 'wanted' : 'down'
  }
  lifecycleInput(): LifecycleInput {
    const { policy, drainMs } = this.spec
    return { effects: this, policy, startTimeoutMs: 30_000, drainMs, idleMs: 0, restored: null, random: () => 0 }
  }
  attach(ref: WorkerRef, supervisor: SupervisorRef): void {
    this.#ref = ref
    this.#supervisor = supervisor
  }
  tell(event: LifecycleEvent): void {
    this.#ref?.send(event)
  }
  startAgain(): void {
    const isDown = this.state === 'stopped' || this.state === 'completed'
    this.beingStarted = isDown && this.#ref?.getSnapshot().context.wanted !== 'stopped'
    this.tell({ type: 'RESTART', reason: 'started again by its supervisor', again: true })
  }
  allow(): void {
    this.tell({ type: 'ALLOW' })
  }
  revive(): void {
    this.#supervisor?.send({ type: 'REVIVE' })
  }
  now(): number {
    return this.world.clock.now()
  }
  wall(): number {
    return this.now()
  }
  shownAt(time: number): number {
    return time
  }
  timeOf(shown: number): number {
    return shown
  }
  enter(state: WorkerState, _: unknown, ending: boolean): void {
    if (state === this.state) return
    this.state = state
    this.#admitted = false
    if (state === 'queued') this.beingStarted = false
    const { id } = this.spec
    if (state === 'running') this.world.log.push(`${id} up`)
    if (state === 'stopping') this.world.log.push(`${id} stops`)
    if (['stopped', 'completed', 'blacklisted', 'crashed'].includes(state)) this.world.log.push(`${id} ${state}`)
    this.#supervisor?.send({ type: 'MOVED', worker: id })
    if (!ending) this.world.order.look()
    this.world.moved()
  }
  keep(): void {}
  short(): void {}
  failed(): void {}
  policyFailed(problem: unknown): void {
    throw problem
  }
  askRestart(why: string): void {
    this.#supervisor?.send({ type: 'CHILD_DOWN', child: this.spec.id, how: 'crashed', why })
  }
  ended(how: 'completed' | 'stopped' | 'given-up' | 'escalated', why: string): void {
    this.#supervisor?.send({ type: 'CHILD_DOWN', child: this.spec.id, how, why })
    this.world.order.look()
  }
  requestSlot(): void {
    this.world.order.request(this.spec.id)
    if (!this.#admitted) this.world.slots.release(this.spec.id)
  }
  admit(): void {
    this.#admitted = true
    this.world.slots.request({ worker: this.spec.id, priority: 0, group: null })
  }
  releaseSlot(): void {
    this.world.order.withdraw(this.spec.id)
    this.world.slots.release(this.spec.id)
  }
  spawn(): void {
    this.#lives++
    const { failsToStart, slowToStart, declines } = this.world
    const fails = failsToStart.get(this.spec.id) ?? 0
    if (fails > 0) {
      failsToStart.set(this.spec.id, fails - 1)
      this.tell({ type: 'ENDED', failure: failure('start-error', null, this.now()) })
    } else if (declines.has(this.spec.id)) this.tell({ type: 'DECLINED', reason: 'no key' })
    else if (!slowToStart.has(this.spec.id)) this.tell({ type: 'READY' })
  }
  pause(): void {}
  resume(): void {}
  restIdle(): void {}
  /** A stubborn one is ended at its deadline, as a thread is. */
  finish(drainMs: number): void {
    const life = this.#lives
    const end = (): void => {
      if (life === this.#lives) this.tell({ type: 'ENDED', failure: null })
    }
    if (this.world.stubborn.has(this.spec.id)) this.world.clock.setTimeout(end, drainMs)
    else end()
  }
  kill(): void {
    throw new Error('nobody hangs here')
  }
}

function failure(kind: FailureKind, uptimeMs: number | null, at: number): Failure {
  return { kind, message: 'it broke', error: null, exitCode: 1, hungAt: null, evidence: null, tasks: [], uptimeMs, at }
}

interface World {
  clock: SimulatedClock
  order: StartOrder
  slots: Slots
  log: string[]
  failsToStart: Map<string, number>
  slowToStart: Set<string>
  /** Workers whose `setup` declines. */
  declines: Set<string>
  stubborn: Set<string>
  moved: () => void
}

/** Grows a tree and plays it. `entries`: what stands directly under the system. */
export function grow(entries: TreeNode[], { slots: limit = 100 }: { slots?: number } = {}) {
  const clock = new SimulatedClock()
  const tree = new Tree(entries)
  const puppets = new Map<string, Puppet>()
  const puppet = (id: string): Puppet => {
    const found = puppets.get(id)
    if (!found) throw new Error(`there is no worker ${id}`)
    return found
  }
  const supervisors = new Map<string, { state: string; reason: string }>()
  const escalations: string[] = []
  let everEscalated = false
  const stops = new Set<() => void>()
  const world: World = {
    clock,
    order: new StartOrder({ tree, phase: (id) => puppet(id).phase, admit: (id) => puppet(id).admit() }),
    slots: new Slots({ limit, now: () => clock.now(), grant: (id) => puppet(id).tell({ type: 'SLOT' }) }),
    log: [],
    failsToStart: new Map(),
    slowToStart: new Set(),
    declines: new Set(),
    stubborn: new Set(),
    moved: () => {
      for (const stop of [...stops]) stop()
    },
  }
  const visit = (node: TreeNode): void => {
    if (isSupervisor(node)) {
      node.children.forEach(visit)
      return
    }
    const spec = specs.get(node) ?? { id: node.worker }
    const policy = spec.policy ?? { ...atOnce, mode: node.mode }
    puppets.set(node.worker, new Puppet({ drainMs: 5_000, significant: node.significant, mode: node.mode, ...spec, policy }, world))
  }
  entries.forEach(visit)
  const effects: SupervisionEffects = {
    now: () => clock.now(),
    order: world.order,
    worker: puppet,
    childOf: (supervisor, id) => tree.get(tree.childOf(supervisor, id) ?? ''),
    entered: (id, state, reason) => {
      if (state === 'down') {
        world.log.push(`${id} down`)
        if (entries.some((entry) => isSupervisor(entry) && entry.id === id)) everEscalated = true
      }
      supervisors.set(id, { state, reason })
    },
    escalated: (from, reason) => escalations.push(`${from}: ${reason}`),
  }
  const root = createActor(supervisor, {
    clock,
    input: { node: { ...sup('system', {}, []), children: entries }, effects, parent: null, vacant: false },
  })
  root.start()
  const all = entries.flatMap(workersOf)

  return {
    clock,
    /** Whether a topmost supervisor ever gave up. */
    escalated: () => everEscalated,
    log: world.log,
    escalations,
    slots: world.slots,
    stubborn: world.stubborn,
    slowToStart: world.slowToStart,
    declines: world.declines,
    failsToStart: world.failsToStart,
    state: (id: string) => supervisors.get(id)?.state ?? puppet(id).state,
    reason: (id: string) => supervisors.get(id)?.reason,
    /** Who has a thread that is ready, in the order of the tree. */
    up: () => all.filter((id) => puppet(id).state === 'running').join(' '),
    tell: (id: string, event: LifecycleEvent) => puppet(id).tell(event),
    /** As `drover.add` does: the last child of a supervisor. */
    add(id: string, under: string): void {
      const node = { worker: id, mode: 'permanent' as const, significant: false }
      visit(node)
      tree.add(node, under)
      all.push(id)
      ;(root.system.get(supervisorAddress(under)) as SupervisorRef).send({ type: 'ADOPT', nodes: [node], vacant: false })
    },
    /** By hand, as `drover.start` does. */
    start(...ids: string[]): void {
      const starting = (ids.length > 0 ? ids : all).map(puppet)
      for (const worker of starting) {
        worker.beingStarted = true
        worker.timesStarted++
      }
      for (const worker of starting) {
        worker.revive()
        worker.tell({ type: 'START' })
        worker.beingStarted = false
      }
      world.order.look()
    },
    /** By hand, as `drover.stop` does: in reverse order. */
    stop(...ids: string[]): void {
      const workers = (ids.length > 0 ? ids : all).map(puppet)
      const before = new Map(workers.map((worker) => [worker, worker.timesStarted]))
      for (const worker of workers) worker.tell({ type: worker.live ? 'UNWANTED' : 'STOP' })
      const sequence = new StopSequence(workers, (worker) => {
        if (worker.timesStarted !== before.get(worker)) return false
        worker.tell({ type: 'STOP' })
        return true
      })
      const advance = (): void => {
        if (sequence.advance()) stops.delete(advance)
      }
      stops.add(advance)
      advance()
    },
    ready: (id: string) => puppet(id).tell({ type: 'READY' }),
    crash: (...ids: string[]) => {
      for (const id of ids) puppet(id).tell({ type: 'ENDED', failure: failure('exit', 1_000, clock.now()) })
    },
    /** Its `run` returns: a failure for a permanent one, as the thread reports it. */
    returns(id: string): void {
      if (filledPolicy(puppet(id).spec.policy).mode === 'permanent') {
        puppet(id).tell({ type: 'ENDED', failure: failure('exit', 1_000, clock.now()) })
      } else puppet(id).tell({ type: 'COMPLETE' })
    },
    /** What has happened since this was asked last. */
    happened(): string {
      return world.log.splice(0).join(', ')
    },
  }
}
