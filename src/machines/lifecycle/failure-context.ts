import type { Failure } from '../../failure.js'
import type { Verdict } from '../../options/restart.js'
import { filledPolicy } from '../../options/restart-policies.js'
import { freshMemory, type LifecycleContext, type LifecycleEffects } from './contract.js'
import { atStartup, decideRestart } from './decide-restart.js'

/** How long it has been something since a moment, if it is. */
export function since(from: number | null, clock: Pick<LifecycleEffects, 'now'>): number {
  return from === null ? 0 : Math.max(0, clock.now() - from)
}

/** A failed worker's context with the verdict on it: the history as the verdict saw it, and what it decided. */
export function judged(context: LifecycleContext, failure: Failure): Partial<LifecycleContext> {
  const { effects } = context
  const now = effects.now()
  const { resetAfterMs, parole } = filledPolicy(context.policy)
  const upMs = context.memory.upMs + (context.wellMs ?? failure.uptimeMs ?? 0)
  const { restarts, uses, onParole } = upMs >= resetAfterMs ? freshMemory : context.memory
  const at = context.memory.activeMs + since(context.activeFrom, { now: () => now })
  // The user's functions know only the wall clock.
  const shown = { ...failure, at: effects.shownAt(failure.at) }
  const { rule, problems, ...judgement } = decideRestart(shown, { restarts, now: at, uses }, context.policy, context.random)
  const relapsed = onParole && judgement.verdict.do === 'restart'
  const verdict: Verdict = relapsed ? { do: 'blacklist', why: `failed again on parole: ${failure.kind}` } : judgement.verdict
  const restarting = verdict.do === 'restart'
  const givesUp = verdict.do === 'blacklist' && failure.kind !== 'unkillable'
  return {
    verdict,
    problems,
    activeFrom: now,
    upFrom: null,
    memory: {
      ...context.memory,
      activeMs: at,
      upMs: 0,
      restarts: restarting ? [...restarts, { at, startup: atStartup(failure) }].slice(-1_000) : restarts,
      uses: rule === null ? uses : { ...uses, [rule]: (uses[rule] ?? 0) + 1 },
      resourceLimits:
        restarting && verdict.resourceLimits
          ? { ...context.memory.resourceLimits, ...verdict.resourceLimits }
          : context.memory.resourceLimits,
      onParole,
      restartCount: context.memory.restartCount + (restarting ? 1 : 0),
      until: verdict.do === 'park' ? effects.timeOf(verdict.until) : givesUp && parole && !onParole ? now + parole.afterMs : null,
      reason: `${failure.kind}: ${failure.message}`,
      lastFailure: failure,
    },
  }
}
