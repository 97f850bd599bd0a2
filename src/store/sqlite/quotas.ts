/** Quotas in the store: definitions and the state of their windows, shared by every host. The rules are in `quota-window.ts`. */
import { DroverError } from '../../errors.js'
import { periodOf } from '../calendar.js'
import type { Amounts, EngineReply, EngineRequest, QuotaSpec, QuotaStatus, QuotaWindowStatus, Time } from '../engine.js'
import {
  capacity,
  current,
  perOf,
  resetsAt,
  rulesOf,
  taken,
  timesNow,
  used,
  type WindowRule,
  type WindowState,
  waitMs,
} from '../quota-window.js'
import type { EngineContext } from './context.js'

/** A window with its state as of now. */
interface OpenWindow {
  rule: WindowRule
  state: WindowState
  /** Now, by its clock: calendars go by the wall clock, the others by the store's. */
  at: Time
}

interface OpenQuota {
  spec: QuotaSpec
  windows: OpenWindow[]
  blockedUntil: Time
}

/** What keeps a grant back. */
interface Wait {
  window: string
  inMs: number
}

export type Quotas = ReturnType<typeof quotas>

export function quotas({ db, now, wall }: EngineContext) {
  const selectQuota = db.prepare<[string], [spec: string, blockedUntil: Time]>('SELECT spec, blocked_until FROM quota WHERE name = ?').raw()
  const upsertQuota = db.prepare<[string, string]>(
    'INSERT INTO quota (name, spec) VALUES (?, ?) ON CONFLICT DO UPDATE SET spec = excluded.spec WHERE spec <> excluded.spec',
  )
  const updateBlock = db.prepare<[Time, string]>('UPDATE quota SET blocked_until = max(blocked_until, ?) WHERE name = ?')
  const selectState = db.prepare<[string, string], string>('SELECT state FROM quota_window WHERE quota = ? AND window = ?').pluck()
  const upsertState = db.prepare<[string, string, string]>('INSERT OR REPLACE INTO quota_window (quota, window, state) VALUES (?, ?, ?)')

  function open(name: string, at: Time): OpenQuota {
    const row = selectQuota.get(name)
    if (!row) throw new DroverError('QUOTA_INVALID', `the store knows no quota ${name}`, { details: { quota: name } })
    const spec = JSON.parse(row[0]) as QuotaSpec
    const windows = rulesOf(spec).map((rule) => {
      const stored = selectState.get(name, rule.label)
      const own = rule.kind === 'calendar' ? wall() : at
      return { rule, state: current(rule, stored === undefined ? null : (JSON.parse(stored) as WindowState), own), at: own }
    })
    return { spec, windows, blockedUntil: row[1] }
  }

  function change(name: string, { windows }: OpenQuota, delta: Amounts): void {
    for (const { rule, state, at } of windows) {
      const amount = delta[rule.unit] ?? 0
      if (amount !== 0) upsertState.run(name, rule.label, JSON.stringify(taken(rule, state, amount, at)))
    }
  }

  /** @throws QUOTA_INVALID if the amounts could never be granted together */
  function check(name: string, { windows }: OpenQuota, amounts: Amounts): void {
    for (const [unit, amount] of Object.entries(amounts)) {
      if (!Number.isFinite(amount) || amount < 0) throw invalidAmount(name, unit, amount)
    }
    for (const { rule } of windows) {
      const amount = amounts[rule.unit] ?? 0
      if (amount <= capacity(rule)) continue
      const message = `quota ${name} never grants ${amount} ${rule.unit} at once: ${rule.label} holds ${capacity(rule)}`
      throw new DroverError('QUOTA_INVALID', message, { details: { quota: name, window: rule.label, amount, limit: capacity(rule) } })
    }
  }

  /** The window that keeps a grant back longest, or null if it can be granted now. */
  function longestWait({ windows, blockedUntil }: OpenQuota, amounts: Amounts, at: Time): Wait | null {
    let longest: Wait | null = blockedUntil > at ? { window: 'blocked', inMs: blockedUntil - at } : null
    for (const { rule, state, at: own } of windows) {
      const inMs = waitMs(rule, state, amounts[rule.unit] ?? 0, own)
      if (inMs > (longest?.inMs ?? 0)) longest = { window: rule.label, inMs }
    }
    return longest
  }

  function statusOf(name: string, quota: OpenQuota, at: Time): QuotaStatus {
    // Users read times by the wall clock.
    const ahead = wall() - at
    const windows = quota.windows.map(({ rule, state, at: own }, index): QuotaWindowStatus => {
      const window = quota.spec.windows[index]
      const reset = resetsAt(rule, state, own)
      return {
        unit: rule.unit,
        per: window ? perOf(window) : rule.label,
        limit: rule.limit,
        used: Math.ceil(used(rule, state, own)),
        resetsAt: reset === null || rule.kind === 'calendar' ? reset : reset + ahead,
      }
    })
    const blockedUntil = quota.blockedUntil > at ? quota.blockedUntil + ahead : null
    return { name, windows, waitMs: longestWait(quota, { requests: 1 }, at)?.inMs ?? 0, blockedUntil }
  }

  return {
    declareQuotas({ quotas: specs }: EngineRequest<'declareQuotas'>): EngineReply<'declareQuotas'> {
      for (const spec of specs) validate(spec, wall())
      for (const spec of specs) upsertQuota.run(spec.name, JSON.stringify(spec))
      return {}
    },

    acquireQuota({ name, amounts }: EngineRequest<'acquireQuota'>): EngineReply<'acquireQuota'> {
      const at = now()
      const quota = open(name, at)
      check(name, quota, amounts)
      const wait = longestWait(quota, amounts, at)
      if (wait) return { granted: false, ...wait }
      change(name, quota, amounts)
      return { granted: true }
    },

    settleQuota({ name, delta }: EngineRequest<'settleQuota'>): EngineReply<'settleQuota'> {
      const at = now()
      const quota = open(name, at)
      for (const [unit, amount] of Object.entries(delta)) if (!Number.isFinite(amount)) throw invalidAmount(name, unit, amount)
      change(name, quota, delta)
      return {}
    },

    blockQuota({ name, forMs }: EngineRequest<'blockQuota'>): EngineReply<'blockQuota'> {
      const at = now()
      open(name, at)
      updateBlock.run(Math.ceil(at + forMs), name)
      return {}
    },

    quotas({ names }: EngineRequest<'quotas'>): EngineReply<'quotas'> {
      const at = now()
      return { quotas: names.map((name) => statusOf(name, open(name, at), at)) }
    },

    /** How many tasks of such amounts could be granted together now. */
    grantable(name: string, amounts: Amounts, at: Time): number {
      const quota = open(name, at)
      check(name, quota, amounts)
      if (quota.blockedUntil > at) return 0
      let most = Number.POSITIVE_INFINITY
      for (const { rule, state, at: own } of quota.windows) most = Math.min(most, timesNow(rule, state, amounts[rule.unit] ?? 0, own))
      return most
    },

    /** Takes the amounts of so many tasks; {@link grantable} said that they are there. */
    take(name: string, amounts: Amounts, times: number, at: Time): void {
      const all = Object.fromEntries(Object.entries(amounts).map(([unit, amount]) => [unit, amount * times]))
      change(name, open(name, at), all)
    },

    wait(name: string, amounts: Amounts, at: Time): Wait | null {
      return longestWait(open(name, at), amounts, at)
    },
  }
}

function invalidAmount(quota: string, unit: string, amount: number): DroverError {
  return new DroverError('QUOTA_INVALID', `${amount} ${unit} cannot be taken from quota ${quota}`, { details: { quota, unit, amount } })
}

function validate(spec: QuotaSpec, at: Time): void {
  const rules = rulesOf(spec)
  const twice = rules.find(({ label }, index) => rules.findIndex((rule) => rule.label === label) !== index)
  if (twice) throw new DroverError('QUOTA_INVALID', `quota ${spec.name} limits ${twice.label} twice`, { details: { spec } })
  for (const rule of rules) {
    const positive = rule.limit > 0 && (rule.kind === 'calendar' || rule.perMs > 0) && (rule.kind !== 'bucket' || rule.size > 0)
    if (!positive) {
      throw new DroverError('QUOTA_INVALID', `quota ${spec.name}: ${rule.label} needs a limit and a length above 0`, { details: { spec } })
    }
    if (rule.kind !== 'calendar') continue
    try {
      periodOf(rule.calendar, rule.timeZone, at)
    } catch (cause) {
      const message = `quota ${spec.name}: there is no time zone ${rule.timeZone}`
      throw new DroverError('QUOTA_INVALID', message, { cause, details: { spec } })
    }
  }
}
