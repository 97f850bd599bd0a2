/**
 * Actions and guards of a supervisor. The chart in `supervisor.ts` says when they run; the rules of `machines/supervision/`
 * decide the answers.
 */
import { type AnyActorLogic, type AnyActorRef, assign, enqueueActions, sendTo, setup, stopChild } from 'xstate'
import { workerLifecycle } from '../../machines/lifecycle/machine.js'
import { RestartWindow } from '../../machines/supervision/restart-window.js'
import { StopSequence } from '../../machines/supervision/stop-sequence.js'
import { answerTo, type SiblingPhase, type SupervisorState } from '../../machines/supervision/strategies.js'
import { isSupervisor, nodeId, someWorker, workersOf } from '../../options/tree.js'
import { halt, isBelowDown, isTakenDown, running, takesPart } from './children.js'
import {
  type Adoption,
  type SupervisedWorker,
  type SupervisorContext,
  type SupervisorEvent,
  type SupervisorInput,
  type SupervisorRef,
  supervisorAddress,
  type WorkerRef,
} from './contract.js'

type Spawn = (logic: AnyActorLogic, options: { id: string; systemId?: string; input: unknown }) => AnyActorRef

function adopted(
  { effects, refs }: SupervisorContext,
  { nodes, vacant }: Adoption,
  self: SupervisorRef,
  spawn: Spawn,
): Pick<SupervisorContext, 'refs'> {
  // A supervisor's children may be supervisors: of the same logic.
  const { logic } = self as SupervisorRef & { logic: AnyActorLogic }
  const all = { ...refs }
  for (const child of nodes) {
    if (isSupervisor(child)) {
      const input: SupervisorInput = { node: child, effects, parent: self, vacant }
      all[child.id] = spawn(logic, { id: child.id, systemId: supervisorAddress(child.id), input }) as SupervisorRef
    } else {
      const worker = effects.worker(child.worker)
      const ref = spawn(workerLifecycle, { id: child.worker, input: worker.lifecycleInput() }) as WorkerRef
      worker.attach(ref, self)
      all[child.worker] = ref
    }
  }
  return { refs: all }
}

export const supervision = setup({
  types: {
    input: {} as SupervisorInput,
    context: {} as SupervisorContext,
    events: {} as SupervisorEvent,
  },
  actions: {
    enter: ({ context }, { state }: { state: SupervisorState }) => context.effects.entered(context.node.id, state, context.reason),
    adoptAll: assign(({ context, self, spawn }) =>
      context.vacant ? {} : adopted(context, { nodes: context.node.children, vacant: false }, self, spawn as unknown as Spawn),
    ),
    adopt: assign(({ context, event, self, spawn }) =>
      event.type === 'ADOPT' ? adopted(context, event, self, spawn as unknown as Spawn) : {},
    ),
    letGo: stopChild(({ context, event }) => context.refs[event.type === 'DISOWN' ? event.child : ''] as WorkerRef),
    disown: assign(({ context: { refs, window, awaited }, event }) => {
      if (event.type !== 'DISOWN') return {}
      const { [event.child]: _, ...rest } = refs
      window.forget(event.child)
      return { refs: rest, awaited: awaited === event.child ? null : awaited }
    }),
    passOn: enqueueActions(({ context: { parent }, event, enqueue }) => {
      if (parent) enqueue(sendTo(parent as AnyActorRef, event))
    }),
    tellEnd: enqueueActions(({ context: { parent, end, node }, enqueue }) => {
      if (parent && end) enqueue(sendTo(parent as AnyActorRef, { type: 'CHILD_DOWN', child: node.id, how: end.how, why: end.why }))
    }),
    judge: assign(({ context, event }) => {
      if (event.type !== 'CHILD_DOWN') return {}
      const { node, parent, effects, window } = context
      // A child that crashes while being stopped, or before its turn to stop, has no failure of its own: it restarts with the
      // rest.
      const expected = event.how === 'crashed' && isTakenDown(effects.worker(event.child), context)
      const countRestart = (): number | null => (expected ? null : window.add(event.child, effects.now()))
      const answer = answerTo(node, event, { isRoot: parent === null, phase: (worker) => effects.worker(worker).phase, countRestart })
      return { down: event, answer: expected ? { do: 'restart' as const, along: [] } : answer }
    }),
    /** Stops the children that restart with the failed one, in stop order; each starts again at its turn. */
    takeAlong: assign(({ context }) => {
      const { node, effects, answer, down, sequence } = context
      if (answer.do !== 'restart' || !down) return {}
      const temporary = new Set(answer.along.filter((child) => !isSupervisor(child) && child.mode === 'temporary').map(nodeId))
      const ids = node.children.flatMap(workersOf)
      const along = new Set(answer.along.flatMap(workersOf))
      const reason = `restarted with ${down.child} (${node.strategy} of ${node.id})`
      const workers = new Map(ids.map((id) => [effects.worker(id), id]))
      const concerned = [...workers].filter(([worker, id]) => {
        return sequence?.includes(worker) || (along.has(id) && takesPart(worker) && !isBelowDown(context, id))
      })
      const tell = (worker: SupervisedWorker): boolean => {
        // A worker that was stopped in between stays down.
        if (!takesPart(worker)) return false
        worker.tell(
          temporary.has(workers.get(worker) as string) ? { type: 'STOP', reason, halt: true } : { type: 'RESTART', reason, again: true },
        )
        return true
      }
      const inOrder = concerned.map(([worker]) => worker)
      return { sequence: new StopSequence(inOrder, tell) }
    }),
    because: assign(({ context: { down } }) => ({ reason: `${down?.child} failed: ${down?.why}` })),
    haltAlong: ({ context: { answer, refs, reason } }) => {
      if (answer.do === 'restart') for (const child of answer.along) if (isSupervisor(child)) halt(refs, child, 'up', reason)
    },
    grant: ({ context: { node, answer, down, effects, refs, parent } }) => {
      if (answer.do !== 'restart' || !down) return
      const child = node.children.find((each) => nodeId(each) === down.child)
      if (child && isSupervisor(child)) (refs[child.id] as SupervisorRef).send({ type: 'AGAIN' })
      else effects.worker(down.child).tell({ type: 'GRANTED', inTurn: parent !== null })
    },
    awaitChild: assign(({ context: { node, answer, down } }) => {
      const child = answer.do === 'restart' && node.children.find((each) => nodeId(each) === down?.child)
      return child && isSupervisor(child) ? { awaited: child.id } : {}
    }),
    childIsBack: assign(({ context: { awaited }, event }) => {
      return event.type === 'CHILD_AGAIN' && event.child === awaited ? { awaited: null } : {}
    }),
    tellAgain: enqueueActions(({ context: { parent, node }, enqueue }) => {
      if (parent) enqueue(sendTo(parent as AnyActorRef, { type: 'CHILD_AGAIN', child: node.id }))
    }),
    refuse: ({ context: { effects, reason }, event }) => {
      if (event.type === 'CHILD_DOWN' && event.how === 'crashed') effects.worker(event.child).tell({ type: 'STOP', reason, halt: true })
    },
    escalate: ({ context: { answer, down, effects } }) => {
      if (answer.do === 'escalate' && down) effects.escalated(down.child, answer.why)
    },
    /** Stops all workers below for good. */
    endAll: assign(({ context }) => {
      const { node, effects, answer } = context
      if (answer.do !== 'end') return {}
      const words = { failed: 'gave up', 'given-up': 'gave up', 'shut-down': 'shut down' }
      const reason = `${node.id} ${words[answer.how]}: ${answer.why}`
      const workers = node.children.flatMap(workersOf).map((id) => effects.worker(id))
      return {
        reason,
        end: answer,
        awaited: null,
        revived: false,
        wereRunning: running(context),
        sequence: new StopSequence(workers, (worker) => {
          worker.tell({ type: 'STOP', reason, halt: true })
          return true
        }),
      }
    }),
    haltAll: ({ context: { node, refs, reason } }) => {
      for (const child of node.children) if (isSupervisor(child)) halt(refs, child, 'down', reason)
    },
    halted: assign(({ context, event }) => {
      if (event.type !== 'HALT') return {}
      const { node, wereRunning } = context
      const still = event.then === 'down' ? [...new Set([...wereRunning, ...running(context)])] : []
      return { sequence: null, awaited: null, end: null, reason: event.why, wereRunning: still, window: new RestartWindow(node.intensity) }
    }),
    /** The halting supervisor stops workers with a thread in order; a worker may have been told to start again after its turn. */
    passHaltOn: ({ context: { node, refs, effects }, event }) => {
      if (event.type !== 'HALT') return
      for (const child of node.children) {
        if (isSupervisor(child)) halt(refs, child, event.then, event.why)
        else if (event.then === 'down' && !effects.worker(child.worker).live)
          effects.worker(child.worker).tell({ type: 'STOP', reason: event.why, halt: true })
      }
    },
    revive: assign({ revived: true }),
    close: ({ context: { node, effects } }) => effects.order.close(node.id),
    open: ({ context: { node, effects } }) => effects.order.open(node.id),
    advance: assign(({ context: { sequence } }) => (sequence?.advance() ? { sequence: null } : {})),
    forget: assign(({ context: { node } }) => ({
      window: new RestartWindow(node.intensity),
      end: null,
      wereRunning: [],
      revived: false,
      reason: 'started again',
    })),
    startAgain: ({ context: { node, effects, refs, wereRunning } }) => {
      for (const child of node.children) {
        if (!wereRunning.includes(nodeId(child))) continue
        if (isSupervisor(child)) (refs[child.id] as SupervisorRef).send({ type: 'AGAIN' })
        else effects.worker(child.worker).startAgain()
      }
    },
    allow: ({ context: { node, effects } }) => {
      for (const child of node.children) if (!isSupervisor(child)) effects.worker(child.worker).allow()
    },
    /** The time in which a child waits for its restart does not count: in backoff, for its siblings, or for a slot. */
    noteWaiting: ({ context: { node, parent, window, effects }, event }) => {
      // The system's own supervisor has no limit.
      if (event.type !== 'MOVED' || parent === null) return
      const child = effects.childOf(node.id, event.worker)
      if (!child) return
      const isSome = (...phases: SiblingPhase[]): boolean => someWorker(child, (worker) => phases.includes(effects.worker(worker).phase))
      window.waits(nodeId(child), isSome('waiting', 'wanted', 'queued') && !isSome('up', 'starting'), effects.now())
    },
  },
  guards: {
    ends: ({ context }) => context.answer.do === 'end',
    restartsOthers: ({ context }) => context.answer.do === 'restart' && context.answer.along.length > 0,
    isBusy: ({ context }) => context.sequence !== null || context.awaited !== null,
    isDone: ({ context }) => context.sequence === null && context.awaited === null,
    restartsSupervisor: ({ context: { answer, down, node } }) =>
      answer.do === 'restart' && node.children.some((child) => isSupervisor(child) && child.id === down?.child),
    revived: ({ context }) => context.revived,
    thenDown: ({ event }) => event.type === 'HALT' && event.then === 'down',
  },
})
