/**
 * What options must fit together. The rules read the options as they were given and look only at parts that have the right
 * form, so that mistakes of both kinds are reported at once.
 */
import { serialize } from 'node:v8'
import { withAllAbove } from '../store/quotas/within.js'
import { type Finding, pathText } from '../validation/issues.js'
import { isRecord } from '../validation/pieces.js'
import { defaults, laneOf, windowMs } from './compile.js'
import { entriesInPiece } from './parse.js'
import { isSupervisorOptions, quotaOptions } from './schema.js'

type Path = PropertyKey[]

/** Every pair of options that do not fit together. A long list of workers is looked at in pieces. */
export function* checkRules(input: unknown): Generator<void, Finding[], void> {
  const options = asRecord(input)
  const findings: Finding[] = []
  checkHeartbeat(['heartbeat'], [options.heartbeat], findings)
  checkTasks(['tasks'], [options.tasks], findings)
  checkRestart(['restart'], options.restart, findings)
  checkQuotas(asRecord(options.quotas), findings)
  checkEvidence(asRecord(options.evidence), findings)
  checkNames(['groups'], asRecord(options.groups), findings)
  const maxTarget = asNumber(asRecord(options.limits).maxTarget) ?? defaults.maxTarget
  const ids = new Map<string, Path>()
  const lanes = new Map<string, Path>()
  const inputs = new Set<unknown>()
  let looked = 0
  for (const { path, entry: worker, above } of entriesOf(options.workers, ['workers'])) {
    if (++looked % entriesInPiece === 0) yield
    checkSignificant(path, worker, above, options.restart, findings)
    if (isSupervisorOptions(worker)) {
      checkId(path, worker.id, ids, findings)
      continue
    }
    if (worker.heartbeat !== undefined) checkHeartbeat([...path, 'heartbeat'], [options.heartbeat, worker.heartbeat], findings)
    if (worker.tasks !== undefined) checkTasks([...path, 'tasks'], [options.tasks, worker.tasks], findings)
    checkRestart([...path, 'restart'], worker.restart, findings)
    checkUnique(path, worker, ids, lanes, findings)
    checkWorkerQuota([...path, 'quota'], worker.quota, asRecord(options.quotas), findings)
    checkKnown([...path, 'group'], 'group', worker.group, asRecord(options.groups), findings)
    checkTarget([...path, 'target'], worker, maxTarget, findings)
    if (worker.dataset === undefined && asRecord(worker.recycle).maxTasks !== undefined) {
      const expected = 'nothing: a worker without a dataset has no tasks'
      findings.push({ path: [...path, 'recycle', 'maxTasks'], expected, input: asRecord(worker.recycle).maxTasks, known: [] })
    }
    checkInput([...path, 'input'], worker.input, inputs, findings)
    if (worker.isolation === 'process') checkProcess(path, worker, findings)
  }
  return findings
}

interface Entry {
  path: Path
  entry: Record<string, unknown>
  /** The supervisor it stands under. */
  above: Record<string, unknown> | null
}

/** Every worker and supervisor of a list, and what is under them. */
function entriesOf(list: unknown, path: Path, above: Entry['above'] = null): Entry[] {
  if (!Array.isArray(list)) return []
  return Array.from(list, asRecord).flatMap((entry, index) => {
    const own = { path: [...path, index], entry, above }
    return isSupervisorOptions(entry) ? [own, ...entriesOf(entry.children, [...own.path, 'children'], entry)] : [own]
  })
}

/** As in OTP: a permanent child is never the last to end, and without auto-shutdown nobody asks. */
function checkSignificant(
  path: Path,
  entry: Record<string, unknown>,
  above: Entry['above'],
  otherwise: unknown,
  findings: Finding[],
): void {
  if (entry.significant !== true) return
  const { restart = isSupervisorOptions(entry) ? undefined : otherwise } = entry
  const { autoShutdown = 'never' } = entry
  const mode = isSupervisorOptions(entry) ? (restart ?? (autoShutdown === 'never' ? 'permanent' : 'transient')) : asRecord(restart).mode
  const expected =
    above === null || (above.autoShutdown ?? 'never') === 'never'
      ? "false: only a supervisor with autoShutdown 'any-significant' or 'all-significant' has significant children"
      : mode === 'permanent'
        ? 'false: a permanent child is always restarted'
        : null
  if (expected) findings.push({ path: [...path, 'significant'], expected, input: true, known: [] })
}

/** Answers whether the id is one of its own. */
function checkId(path: Path, id: unknown, ids: Map<string, Path>, findings: Finding[]): boolean {
  if (typeof id !== 'string') return false
  const same = ids.get(id)
  if (same) findings.push({ path: [...path, 'id'], expected: `an id of its own, but ${pathText(same)} has the same`, input: id, known: [] })
  else ids.set(id, path)
  return !same
}

/** The layers are merged, later ones first; a mistake is laid to an option of the last one, whose place `path` is. */
function checkHeartbeat(path: Path, layers: unknown[], findings: Finding[]): void {
  const own = asRecord(layers.at(-1))
  const everyMs = merged(layers, 'everyMs', defaults.heartbeat.everyMs)
  const timeoutMs = merged(layers, 'timeoutMs', defaults.heartbeat.timeoutMs)
  if (timeoutMs >= 2 * everyMs) return
  if (own.timeoutMs !== undefined) {
    findings.push({ path: [...path, 'timeoutMs'], expected: `at least ${2 * everyMs}, twice everyMs`, input: timeoutMs })
  } else if (own.everyMs !== undefined) {
    findings.push({ path: [...path, 'everyMs'], expected: `at most ${timeoutMs / 2}, half of timeoutMs`, input: everyMs })
  }
}

function checkTasks(path: Path, layers: unknown[], findings: Finding[]): void {
  checkBackoff(
    [...path, 'backoff'],
    layers.map((layer) => asRecord(layer).backoff),
    defaults.tasks.backoff,
    findings,
  )
  const breakers = layers.map((layer) => asRecord(asRecord(layer).breaker))
  const forMs = merged(breakers, 'forMs', defaults.breaker.forMs)
  const maxMs = merged(breakers, 'maxMs', Math.max(forMs, defaults.breaker.maxMs))
  if (maxMs < forMs && breakers.at(-1)?.maxMs !== undefined) {
    findings.push({ path: [...path, 'breaker', 'maxMs'], expected: `at least ${forMs}, the forMs`, input: maxMs })
  }
}

function checkRestart(path: Path, restart: unknown, findings: Finding[]): void {
  if (!isRecord(restart)) return
  checkBackoff([...path, 'backoff'], [restart.backoff], defaults.restart.backoff, findings)
  const startup = asRecord(restart.startup)
  if (startup.backoff !== undefined) {
    checkBackoff([...path, 'startup', 'backoff'], [restart.backoff, startup.backoff], defaults.restart.backoff, findings)
  }
}

function checkBackoff(path: Path, layers: unknown[], otherwise: { initialMs: number; maxMs: number }, findings: Finding[]): void {
  const own = asRecord(layers.at(-1))
  const initialMs = merged(layers, 'initialMs', otherwise.initialMs)
  const maxMs = merged(layers, 'maxMs', otherwise.maxMs)
  if (maxMs >= initialMs) return
  if (own.maxMs !== undefined) findings.push({ path: [...path, 'maxMs'], expected: `at least ${initialMs}, the initialMs`, input: maxMs })
  else if (own.initialMs !== undefined) {
    findings.push({ path: [...path, 'initialMs'], expected: `at most ${maxMs}, the maxMs`, input: initialMs })
  }
}

function checkEvidence(evidence: Record<string, unknown>, findings: Finding[]): void {
  const cpuProfileMs = merged([evidence], 'cpuProfileMs', defaults.evidence.cpuProfileMs)
  const withinMs = merged([evidence], 'withinMs', defaults.evidence.withinMs)
  if (cpuProfileMs < withinMs) return
  if (evidence.withinMs !== undefined) {
    findings.push({ path: ['evidence', 'withinMs'], expected: `more than ${cpuProfileMs}, the cpuProfileMs`, input: withinMs })
  } else if (evidence.cpuProfileMs !== undefined) {
    findings.push({ path: ['evidence', 'cpuProfileMs'], expected: `less than ${withinMs}, the withinMs`, input: cpuProfileMs })
  }
}

/** These names mean something to every object, and would be lost on the way. */
function checkNames(path: Path, named: Record<string, unknown>, findings: Finding[]): void {
  for (const name of Object.keys(named)) {
    if (['__proto__', 'prototype', 'constructor'].includes(name)) {
      findings.push({ path: [...path, name], expected: 'another name', input: name, known: [] })
    }
  }
}

function checkQuotas(quotas: Record<string, unknown>, findings: Finding[]): void {
  checkNames(['quotas'], quotas, findings)
  for (const [name, quota] of Object.entries(quotas)) {
    const { within, burst } = asRecord(quota)
    checkWithin(name, within, quotas, findings)
    if (burst !== undefined && !slides(asRecord(quota).requests)) {
      const expected = 'nothing: it is the size of token buckets, and requests has no limit per second, minute, hour or ms'
      findings.push({ path: ['quotas', name, 'burst'], expected, input: burst, known: [] })
    }
    for (const [unit, limits] of Object.entries(asRecord(quota))) {
      if (quotaOptions.includes(unit)) continue
      checkTwice(['quotas', name, unit], limits, findings)
      for (const [index, limit] of (Array.isArray(limits) ? limits : [limits]).entries()) {
        const { per, timeZone, burst: size } = asRecord(limit)
        if (size !== undefined && (per === 'day' || per === 'month')) {
          const path = ['quotas', name, unit, ...(Array.isArray(limits) ? [index] : []), 'burst']
          findings.push({ path, expected: 'nothing: a day or a month is no token bucket', input: size, known: [] })
        }
        if (timeZone === undefined || !(typeof per === 'number' || ['second', 'minute', 'hour'].includes(per as string))) continue
        const path = ['quotas', name, unit, ...(Array.isArray(limits) ? [index] : []), 'timeZone']
        findings.push({ path, expected: 'nothing: only a day or a month has a time zone', input: timeZone, known: [] })
      }
    }
  }
}

/** Two limits on the same window: one of them would never count. */
function checkTwice(path: Path, limits: unknown, findings: Finding[]): void {
  const windows = [limits].flat().map((limit) => {
    const { per, timeZone = 'UTC' } = asRecord(limit)
    return per === 'day' || per === 'month' ? `${per} ${timeZone}` : (windowMs[per as keyof typeof windowMs] ?? per)
  })
  for (const [index, window] of windows.entries()) {
    if (window === undefined || windows.indexOf(window) === index) continue
    const input = asRecord((limits as unknown[])[index]).per
    findings.push({ path: [...path, index, 'per'], expected: 'a window that is not limited already', input, known: [] })
  }
}

/** Whether limits of a unit have a window that slides. */
function slides(limits: unknown): boolean {
  return [limits].flat().some((limit) => !['day', 'month', undefined].includes(asRecord(limit).per as string | undefined))
}

/** The quotas that one is within are there, and it is not within itself. */
function checkWithin(name: string, within: unknown, quotas: Record<string, unknown>, findings: Finding[]): void {
  const named = (of: unknown): unknown[] => [of ?? []].flat()
  const withinOf = (quota: string): string[] =>
    named(Object.hasOwn(quotas, quota) ? asRecord(quotas[quota]).within : undefined).filter((one) => typeof one === 'string')
  for (const [index, each] of named(within).entries()) {
    const path = ['quotas', name, 'within', ...(Array.isArray(within) ? [index] : [])]
    checkKnown(path, 'quota', each, quotas, findings)
    if (typeof each !== 'string' || !withAllAbove(each, withinOf).includes(name)) continue
    findings.push({ path, expected: 'a quota that is not itself within this one', input: each, known: [] })
  }
}

/** A worker names one quota, or several to rotate, that are there. */
function checkWorkerQuota(path: Path, quota: unknown, quotas: Record<string, unknown>, findings: Finding[]): void {
  if (!isRecord(quota)) {
    checkKnown(path, 'quota', quota, quotas, findings)
    return
  }
  const { name, rotate } = quota
  checkKnown([...path, 'name'], 'quota', name, quotas, findings)
  if (Array.isArray(rotate))
    for (const [index, each] of rotate.entries()) checkKnown([...path, 'rotate', index], 'quota', each, quotas, findings)
  if ((name === undefined) === (rotate === undefined)) {
    findings.push({ path, expected: 'either name or rotate', input: quota, known: [] })
  }
}

function checkUnique(
  path: Path,
  worker: Record<string, unknown>,
  ids: Map<string, Path>,
  lanes: Map<string, Path>,
  findings: Finding[],
): void {
  const { id, annotator, domain, dataset } = worker
  if (!checkId(path, id, ids, findings)) return
  if (typeof dataset !== 'string' || !isNameOrNothing(annotator) || !isNameOrNothing(domain)) return
  const lane = laneOf({ id: id as string, annotator, domain: domain === undefined ? domain : String(domain) })
  const key = JSON.stringify([dataset, lane.annotator, lane.domain])
  const same = lanes.get(key)
  if (!same) lanes.set(key, path)
  else {
    const expected = `a lane of its own, but ${pathText(same)} has the same dataset, annotator and domain`
    findings.push({ path, expected, input: id, known: [] })
  }
}

function isNameOrNothing(value: unknown): value is string | number | undefined {
  return value === undefined || typeof value === 'string' || typeof value === 'number'
}

/** A name must be one of those in `quotas`, or in `groups`. */
function checkKnown(path: Path, what: 'quota' | 'group', name: unknown, all: Record<string, unknown>, findings: Finding[]): void {
  if (typeof name !== 'string' || Object.hasOwn(all, name)) return
  const known = Object.keys(all)
  findings.push({
    path,
    expected: known.length > 0 ? `the name of a ${what} in ${what}s` : `no ${what}, since ${what}s has none`,
    input: name,
    known,
  })
}

function checkTarget(path: Path, { target, dataset }: Record<string, unknown>, maxTarget: number, findings: Finding[]): void {
  if (target !== undefined && dataset === undefined) {
    findings.push({ path, expected: 'nothing: a worker without a dataset has no tasks', input: target, known: [] })
  }
  if ((asNumber(target) ?? 0) > maxTarget) findings.push({ path, expected: `at most ${maxTarget} (limits.maxTarget)`, input: target })
}

function checkInput(path: Path, input: unknown, checked: Set<unknown>, findings: Finding[]): void {
  if (checked.has(input)) return
  checked.add(input)
  if (survives(input, structuredClone)) return
  // The value is not shown, and neither is the error, which may quote it.
  findings.push({ path, expected: 'what structured cloning takes to a thread: data, no functions, no symbols', input, hidden: true })
}

function survives(input: unknown, passage: (input: unknown) => unknown): boolean {
  try {
    passage(input)
    return true
  } catch {
    return false
  }
}

/** What a thread can have and a process cannot. */
function checkProcess(path: Path, { input, resourceLimits }: Record<string, unknown>, findings: Finding[]): void {
  const { codeRangeSizeMb } = asRecord(resourceLimits)
  if (codeRangeSizeMb !== undefined) {
    const expected = 'nothing: a process (isolation) has no such limit'
    findings.push({ path: [...path, 'resourceLimits', 'codeRangeSizeMb'], expected, input: codeRangeSizeMb, known: [] })
  }
  if (!survives(input, structuredClone) || survives(input, serialize)) return
  findings.push({
    path: [...path, 'input'],
    expected: 'what can be sent to a process (isolation): data that shares no memory',
    input,
    hidden: true,
  })
}

function merged(layers: unknown[], key: string, otherwise: number): number {
  return layers.reduce<number>((value, layer) => asNumber(asRecord(layer)[key]) ?? value, otherwise)
}

function asRecord(value: unknown): Record<string, unknown> {
  return isRecord(value) ? value : {}
}

function asNumber(value: unknown): number | undefined {
  return typeof value === 'number' && !Number.isNaN(value) ? value : undefined
}
