/**
 * The lifecycle of one worker as a statechart. Pure: only events drive it, all its effects go through {@link LifecycleEffects},
 * and delays run on the actor system's clock, so ten minutes of lifecycle test in milliseconds. One machine object serves every
 * worker; a worker's actor is cheap. Its actions and guards are in `actions.ts`.
 */
import { and, not } from 'xstate'
import { lifecycle, remembered } from './actions.js'
import { freshMemory, type LifecycleContext, type WorkerEnd } from './contract.js'
import type { WorkerState } from './states.js'

const enter = (state: WorkerState) => ({ type: 'enter', params: { state } }) as const
const because = (reason: string) => ({ type: 'because', params: { reason } }) as const
const ends = (how: WorkerEnd) => ({ type: 'ends', params: { how } }) as const
const goTo = (next: LifecycleContext['next']) => ({ type: 'goTo', params: { next } }) as const
const goesTo = (is: LifecycleContext['next']) => ({ type: 'next', params: { is } }) as const
const wasLeft = (state: WorkerState) => ({ type: 'restoredAs', params: { state } }) as const
const stillWaits = (state: WorkerState) => ({ type: 'stillWaits', params: { state } }) as const

export const workerLifecycle = lifecycle.createMachine({
  id: 'worker',
  context: ({ input }) => ({
    ...input,
    random: input.random ?? Math.random,
    memory: input.restored ? remembered(input.restored.memory) : freshMemory,
    restored: input.restored?.state ?? null,
    activeFrom: null,
    upFrom: null,
    wellMs: null,
    booting: { from: 0, by: 0 },
    wallAhead: 0,
    shortages: 0,
    verdict: null,
    problems: [],
    wanted: 'stopped',
    next: 'stopped',
    ending: null,
    drainFor: input.drainMs,
  }),
  initial: 'restoring',
  on: {
    BLACKLIST: { target: '.blacklisted', actions: 'blacklistByHand' },
    // `wanted` is updated in every state; some states do more.
    STOP: { actions: ['unwant', 'dropPause'] },
    UNWANTED: { actions: 'unwant' },
    ALLOW: { guard: 'isHalted', actions: 'want' },
    PAUSE: { actions: ['notePause', 'keep'] },
    RESUME: { actions: ['dropPause', 'keep'] },
    ADOPT: { target: '.restoring', actions: ['adopt', 'releaseSlot'] },
    CONFIGURE: { actions: 'configure' },
  },
  states: {
    /** Continues where another host left the worker; a state with a thread becomes idle. */
    restoring: {
      always: [
        { target: 'blacklisted', guard: wasLeft('blacklisted') },
        { target: 'completed', guard: wasLeft('completed') },
        { target: 'stopped', guard: wasLeft('stopped') },
        { target: 'idle' },
      ],
    },

    idle: {
      entry: ['rest', enter('idle')],
      on: {
        START: [
          { target: 'backoff', guard: stillWaits('backoff'), actions: 'want' },
          { target: 'parked', guard: stillWaits('parked'), actions: 'want' },
          { target: 'queued', actions: [because('started'), 'noDeadline', 'want'] },
        ],
        RESET: { actions: 'forget' },
      },
      exit: 'pickedUp',
    },

    queued: {
      entry: ['rest', enter('queued'), 'requestSlot'],
      on: {
        SLOT: 'live',
        HELD: { actions: ['becauseHeld', enter('queued'), 'releaseSlot'] },
        START: { actions: 'want' },
        STOP: { target: 'stopped', actions: ['becauseAsked', 'unwant', 'dropPause', 'releaseSlot'] },
      },
    },

    /** All states with a thread, or about to get one. */
    live: {
      initial: 'starting',
      on: {
        START: { actions: 'want' },
        STOP: { target: '.stopping', actions: ['becauseAsked', 'unwant', 'dropPause', goTo('stopped'), 'drainAsAsked'] },
        BLACKLIST: { target: '.stopping', actions: ['blacklistByHand', goTo('blacklisted'), 'drainAsAsked'] },
        RESTART: { target: '.stopping', guard: 'mayRestart', actions: ['becauseRestarted', 'want', goTo('queued'), 'drainAsAsked'] },
        STUCK: { target: '.stuck', actions: ['noteStuck', 'killStuck'] },
        ENDED: [
          { target: 'crashed', guard: 'failed', actions: ['tellFailure', 'decideRestart', 'tellProblems'] },
          { target: 'stopped', guard: goesTo('stopped') },
          { target: 'completed', guard: goesTo('completed'), actions: ends('completed') },
          // Its turn to be stopped would have come.
          { target: 'stopped', guard: not('isWanted'), actions: ['noDeadline', because('stopped')] },
          { target: 'parked', guard: goesTo('parked') },
          { target: 'pausedByItself', guard: goesTo('paused') },
          { target: 'queued' },
        ],
      },
      states: {
        starting: {
          entry: ['rest', 'freshThread', enter('starting')],
          initial: 'taking',
          states: {
            /** Claims the worker in the registry and starts a thread. */
            taking: { entry: 'spawn', on: { SPAWNED: 'booting' } },
            /** Waits for resources. This is no failure, so no policy judges it. */
            short: {
              entry: ['rest', enter('starting'), 'tellShortage'],
              after: { shortage: 'taking' },
              on: { ROOM: 'taking' },
            },
            booting: {
              entry: ['act', 'boot'],
              after: {
                startTimeout: { target: '#worker.live.stuck', actions: [because('not ready in time'), 'killUnready'] },
              },
              on: { EXTEND: { target: 'booting', reenter: true } },
            },
          },
          on: {
            SHORT: { target: '.short', actions: 'fallShort' },
            READY: [
              { target: 'paused', guard: 'isPausedByHand', actions: 'ready' },
              { target: 'running', actions: 'ready' },
            ],
            HELD: { target: '#worker.queued', actions: 'becauseHeld' },
            REFUSED: { target: '#worker.idle', actions: ['becauseHeld', 'unwant', 'releaseSlot'] },
            COMPLETE: { target: '#worker.completed', actions: ['becauseComplete', ends('completed')] },
            // As OTP's `ignore`: neither a failure nor an end that its supervisor hears of.
            DECLINED: { target: 'stopping', actions: ['unwant', goTo('stopped'), 'drainAsAsked', 'becauseDeclined'] },
            // The thread is paused before it is ready; otherwise it would begin a task.
            PAUSE: { actions: ['notePause', 'keep', 'pause'] },
            RESUME: { actions: ['dropPause', 'keep', 'resume'] },
            STUCK: {},
          },
        },

        running: {
          entry: enter('running'),
          initial: 'working',
          states: {
            working: { on: { WAITING: 'waiting' } },
            waiting: { on: { WORKING: 'working' } },
            /** No work is left; the thread stays for new items. Another COMPLETE does not make it stay longer. */
            idle: {
              entry: [enter('running'), 'tellIdle'],
              after: { idle: { target: 'draining', actions: [goTo('completed'), 'drainAsAsked'] } },
              on: {
                WORKING: { target: 'working', actions: [because('more to do'), 'keep'] },
                COMPLETE: { actions: 'becauseComplete' },
                YIELD: { target: 'draining', actions: [goTo('completed'), 'drainAsAsked'] },
                // Its work is done, so it completes although its host ends.
                STOP: {
                  guard: 'hostEnds',
                  target: '#worker.live.stopping',
                  actions: [goTo('completed'), 'drainAsAsked', 'unwant', 'dropPause'],
                },
              },
            },
            /** Finishing by itself: everything is done, the quota is spent, or the breaker is open. */
            draining: {
              entry: 'finish',
              on: {
                MORE: { actions: goTo('queued') },
                RESUME: { guard: goesTo('paused'), actions: ['dropPause', 'keep', goTo('queued')] },
                COMPLETE: {},
                PARK: {},
                RECYCLE: {},
                PAUSE: { actions: ['notePause', 'keep'] },
              },
            },
          },
          on: {
            COMPLETE: [
              { target: '.idle', guard: 'keepsThread', actions: 'becauseComplete' },
              { target: '.draining', actions: [goTo('completed'), 'drainAsAsked', 'becauseComplete'] },
            ],
            PARK: { target: '.draining', actions: [goTo('parked'), 'drainAsAsked', 'becauseParked'] },
            RECYCLE: { target: '.draining', actions: [goTo('queued'), 'drainAsAsked', 'becauseRecycled'] },
            PAUSE: [
              { target: '.draining', guard: 'byItself', actions: [goTo('paused'), 'drainAsAsked', 'becausePaused'] },
              { target: 'paused', actions: ['notePause', 'becausePaused'] },
            ],
          },
        },

        /** By hand: it keeps its thread and its slot. */
        paused: {
          entry: [enter('paused'), 'pause'],
          on: {
            RESUME: { target: 'running', actions: [because('resumed'), 'dropPause', 'resume'] },
          },
        },

        /** Being killed. A stop now makes this an intended end, unless the thread is unkillable. */
        stuck: {
          entry: enter('stuck'),
          on: {
            // It was late because resources were missing.
            SHORT: { target: '#worker.live.starting.short', actions: 'fallShort' },
            STUCK: {},
          },
        },

        stopping: {
          entry: [enter('stopping'), 'finish'],
          on: {
            // Later events do not undo a blacklisting.
            START: { guard: 'notGivenUp', actions: ['want', goTo('queued')] },
            STOP: { actions: ['unwant', 'dropPause', 'stopAgain', 'finishAsAsked'] },
            RESTART: [{ guard: and(['notGivenUp', 'mayRestart']), actions: ['want', goTo('queued')] }, {}],
            BLACKLIST: { actions: ['blacklistByHand', goTo('blacklisted')] },
            STUCK: {},
            ENDED: [
              { target: '#worker.crashed', guard: 'unkillable', actions: ['tellFailure', 'decideRestart', 'tellProblems'] },
              { target: '#worker.blacklisted', guard: goesTo('blacklisted') },
              { target: '#worker.queued', guard: 'comesBack' },
              { target: '#worker.completed', guard: goesTo('completed') },
              { target: '#worker.stopped' },
            ],
          },
        },
      },
    },

    /** Waits for a person: a budget is spent, keys are retired, or the breaker is open. As long as that takes, others have the slot. */
    pausedByItself: {
      entry: ['act', enter('paused'), 'releaseSlot'],
      on: {
        START: { actions: 'want' },
        RESUME: { target: 'queued', guard: 'isWanted', actions: [because('resumed'), 'dropPause'] },
        RESTART: { target: 'queued', guard: 'mayRestart', actions: ['becauseRestarted', 'want'] },
        STOP: { target: 'stopped', actions: ['becauseAsked', 'unwant', 'dropPause'] },
      },
    },

    parked: {
      entry: ['act', 'lookAtWall', enter('parked'), 'releaseSlot'],
      initial: 'asleep',
      states: {
        asleep: {
          after: {
            lookAtDeadline: [
              { target: '#worker.queued', guard: 'unparked', actions: ['noDeadline', because('the wait is over')] },
              { target: 'asleep', reenter: true },
            ],
          },
        },
      },
      on: {
        START: { target: 'queued', actions: ['noDeadline', because('started'), 'want'] },
        WAKE: { target: 'queued', guard: 'isWanted', actions: ['noDeadline', because('started')] },
        STOP: { target: 'stopped', actions: ['noDeadline', 'becauseAsked', 'unwant', 'dropPause'] },
      },
    },

    crashed: {
      entry: enter('crashed'),
      on: { START: { actions: 'want' } },
      initial: 'deciding',
      states: {
        deciding: {
          always: [
            { target: '#worker.blacklisted', guard: 'givesUp', actions: ['becauseOfVerdict', ends('given-up')] },
            // Its turn to be stopped would have come.
            { target: '#worker.stopped', guard: and(['restarts', not('isWanted')]), actions: ['takeRestartBack', 'noDeadline'] },
            { target: '#worker.stopped', guard: not('isWanted'), actions: 'noDeadline' },
            { target: 'asking', guard: 'restarts' },
            { target: '#worker.parked', guard: 'parks', actions: 'becauseOfVerdict' },
            { target: '#worker.stopped', guard: 'escalates', actions: ['becauseOfVerdict', ends('escalated')] },
            { target: '#worker.stopped', actions: ['becauseOfVerdict', ends('stopped')] },
          ],
        },
        /** Waits for the supervisor's answer. */
        asking: {
          entry: 'askRestart',
          on: {
            GRANTED: [
              { target: '#worker.backoff', guard: 'afterWait', actions: 'beginWait' },
              { target: '#worker.queued', guard: 'inTurn', actions: because('restarted') },
              { target: '#worker.live', actions: because('restarted at once') },
            ],
            STOP: { target: '#worker.stopped', actions: ['becauseAsked', 'unwant', 'dropPause', 'takeRestartBack'] },
            RESTART: { target: '#worker.queued', guard: 'mayRestart', actions: ['becauseRestarted', 'want'] },
          },
        },
      },
    },

    backoff: {
      entry: ['rest', enter('backoff'), 'releaseSlot'],
      exit: 'noDeadline',
      initial: 'asleep',
      states: {
        asleep: {
          after: {
            untilDeadline: [
              { target: '#worker.queued', guard: 'due', actions: because('backoff is over') },
              { target: 'asleep', reenter: true },
            ],
          },
        },
      },
      on: {
        START: { target: 'queued', actions: [because('started by hand'), 'want'] },
        STOP: { target: 'stopped', actions: ['becauseAsked', 'unwant', 'dropPause'] },
      },
    },

    blacklisted: {
      entry: ['rest', enter('blacklisted'), 'releaseSlot', 'tellEnd', 'endTold'],
      initial: 'deciding',
      states: {
        deciding: { always: [{ target: 'serving', guard: 'hasDeadline' }, { target: 'down' }] },
        down: {},
        /** Until its parole. */
        serving: {
          after: {
            untilDeadline: [
              { target: 'eligible', guard: 'due' },
              { target: 'serving', reenter: true },
            ],
          },
          on: { START: { actions: 'want' } },
        },
        /** Its time is over: it continues once it is wanted in this host. The clock is read only once, on the way here. */
        eligible: {
          always: { target: '#worker.queued', guard: 'isWanted', actions: 'beginParole' },
          on: { START: { target: '#worker.queued', actions: ['want', 'beginParole'] } },
        },
      },
      on: {
        RESET: { target: 'idle', actions: 'forget' },
        BLACKLIST: { target: 'blacklisted', reenter: true, actions: 'blacklistByHand' },
      },
    },

    stopped: {
      entry: ['rest', enter('stopped'), 'releaseSlot', 'tellEnd', 'endTold'],
      on: {
        START: { target: 'queued', actions: [because('started'), 'want'] },
        RESET: { target: 'idle', actions: 'forget' },
        RESTART: { target: 'queued', guard: 'mayRestart', actions: ['becauseRestarted', 'want'] },
      },
    },

    completed: {
      entry: ['endParole', 'rest', enter('completed'), 'releaseSlot', 'tellEnd', 'endTold'],
      on: {
        START: { target: 'queued', actions: [because('started'), 'want'] },
        MORE: [
          { target: 'queued', guard: 'isWanted', actions: because('more to do') },
          // Checked again once its supervisor is up.
          { guard: 'isHalted' },
          { target: 'idle', actions: because('more to do: start it') },
        ],
        RESTART: { target: 'queued', guard: 'mayRestart', actions: ['becauseRestarted', 'want'] },
        RESET: { target: 'idle', actions: 'forget' },
      },
    },
  },
})
