/**
 * A supervisor owns the actors of its children. When a child goes down it answers as Erlang/OTP's `supervisor`: it restarts the
 * child together with the children that depend on it, gives up after too many restarts, or shuts itself down. A failure that it
 * cannot handle goes to its parent, and from the topmost one to the system. Its actions are in `actions.ts`; the rules
 * are in `machines/supervision/strategies.ts`.
 */
import { type AnyActorRef, sendTo } from 'xstate'
import { RestartWindow } from '../../machines/supervision/restart-window.js'
import type { SupervisorState } from '../../machines/supervision/strategies.js'
import { supervision } from './actions.js'

const enter = (state: SupervisorState) => ({ type: 'enter', params: { state } }) as const

export const supervisor = supervision.createMachine({
  id: 'supervisor',
  context: ({ input }) => ({
    ...input,
    refs: {},
    window: new RestartWindow(input.node.intensity),
    down: null,
    answer: { do: 'nothing' },
    sequence: null,
    awaited: null,
    end: null,
    wereRunning: [],
    revived: false,
    reason: 'declared',
  }),
  entry: 'adoptAll',
  initial: 'alive',
  on: {
    MOVED: { actions: ['noteWaiting', 'passOn'] },
    ADOPT: { actions: 'adopt' },
    DISOWN: { actions: ['letGo', 'disown'] },
  },
  states: {
    alive: {
      initial: 'up',
      on: {
        CHILD_DOWN: { target: '.answering', actions: 'judge' },
        HALT: [
          { guard: 'thenDown', target: 'down', actions: ['halted', 'passHaltOn'] },
          { target: '.up', actions: ['halted', 'passHaltOn', 'open'] },
        ],
        AGAIN: { actions: ['startAgain', 'forget', 'tellAgain'] },
      },
      states: {
        up: { entry: enter('up') },
        answering: {
          always: [
            { guard: 'ends', target: '#supervisor.stopping', actions: ['endAll', 'haltAll'] },
            {
              guard: 'restartsOthers',
              target: 'restarting',
              actions: ['because', 'takeAlong', 'awaitChild', 'close', 'haltAlong', 'grant'],
            },
            { guard: 'restartsSupervisor', target: 'restarting', actions: ['because', 'awaitChild', 'close', 'grant'] },
            { guard: 'isBusy', target: 'restarting', actions: ['grant', 'escalate'] },
            { target: 'up', actions: ['grant', 'escalate'] },
          ],
        },
        restarting: {
          entry: [enter('restarting'), 'advance'],
          on: {
            MOVED: { actions: ['noteWaiting', 'passOn', 'advance'] },
            CHILD_AGAIN: { actions: 'childIsBack' },
          },
          always: { guard: 'isDone', target: 'up', actions: 'open' },
        },
      },
    },
    stopping: {
      entry: ['close', enter('stopping'), 'advance'],
      on: {
        MOVED: { actions: ['noteWaiting', 'passOn', 'advance'] },
        CHILD_DOWN: { actions: 'refuse' },
        HALT: [
          { guard: 'thenDown', target: 'down', actions: ['halted', 'passHaltOn'] },
          // Children that are down already come back with the others.
          { target: 'alive', actions: ['startAgain', 'allow', 'halted', 'passHaltOn', 'open'] },
        ],
        REVIVE: { actions: ['revive', 'passOn'] },
      },
      always: { guard: 'isDone', target: 'down' },
    },
    down: {
      // The children after it wait until its parent has handled its end.
      entry: [enter('down'), 'tellEnd', sendTo(({ self }) => self, { type: 'TOLD' })],
      exit: 'open',
      on: {
        TOLD: { actions: 'open' },
        AGAIN: { target: 'alive', actions: ['startAgain', 'allow', 'forget', 'tellAgain'] },
        REVIVE: { target: 'alive', actions: ['allow', 'forget', 'passOn'] },
        CHILD_DOWN: { actions: 'refuse' },
      },
      always: { guard: 'revived', target: 'alive', actions: ['allow', 'forget'] },
    },
  },
})

/**
 * XState stops the children of a machine one by one, and copies the whole list each time: 4,000 took twelve seconds. So they are
 * stopped and removed from the list before XState does it.
 */
const stopAsItComes = supervisor.transition.bind(supervisor)
supervisor.transition = (snapshot, event, scope) => {
  const { type, most = Number.POSITIVE_INFINITY } = event as { type: string; most?: number }
  if (type === 'xstate.stop' || type === 'DISMISS') {
    const children = snapshot.children as Record<string, AnyActorRef>
    let left = most
    for (const id in children) {
      if (left-- <= 0) break
      scope.stopChild(children[id] as AnyActorRef)
      delete children[id]
    }
  }
  return type === 'DISMISS' ? snapshot : stopAsItComes(snapshot, event, scope)
}
