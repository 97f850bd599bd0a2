import { type Finding, pathText } from '../validation/issues.js'
import { asNumber, asRecord, checkKnown, checkNames, type Entry, type Path } from './checks.js'
import { limits } from './drover.js'
import { checkEvidence } from './evidence.js'
import { checkHeartbeat } from './heartbeat.js'
import { checkProcess } from './isolation.js'
import { entriesInPiece } from './parse.js'
import { checkPools } from './pool.js'
import { checkQuotas } from './quota.js'
import { checkRestart } from './restart-schema.js'
import { checkSignificant, isSupervisorOptions } from './supervisor.js'
import { checkTasks } from './tasks.js'
import { checkInput, checkInstances, checkRequired, checkTarget, laneOf } from './worker.js'
import { checkWorkerQuota } from './worker-quota.js'

/** Finds options that do not fit together. A long list of workers is checked in pieces. */
export function* checkRules(input: unknown): Generator<void, Finding[], void> {
  const options = asRecord(input)
  const findings: Finding[] = []
  checkHeartbeat(['heartbeat'], [options.heartbeat], findings)
  checkTasks(['tasks'], [options.tasks], findings)
  checkRestart(['restart'], options.restart, findings)
  checkQuotas(asRecord(options.quotas), findings)
  checkEvidence(asRecord(options.evidence), findings)
  checkPools(options.pools, findings)
  checkNames(['groups'], asRecord(options.groups), findings)
  const maxTarget = asNumber(asRecord(options.limits).maxTarget) ?? limits.defaults.maxTarget
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
    checkInstances(path, worker, findings)
    if (worker.dataset === undefined && asRecord(worker.recycle).maxTasks !== undefined) {
      const expected = 'no value, because a worker without a dataset has no tasks'
      findings.push({ path: [...path, 'recycle', 'maxTasks'], expected, input: asRecord(worker.recycle).maxTasks, known: [] })
    }
    checkInput([...path, 'input'], worker.input, inputs, findings)
    checkRequired([...path, 'input'], worker, findings)
    if (worker.isolation === 'process') checkProcess(path, worker, findings)
  }
  return findings
}

/** All workers and supervisors of a list, including those under supervisors. */
function entriesOf(list: unknown, path: Path, above: Entry['above'] = null): Entry[] {
  if (!Array.isArray(list)) return []
  return Array.from(list, asRecord).flatMap((entry, index) => {
    const own = { path: [...path, index], entry, above }
    return isSupervisorOptions(entry) ? [own, ...entriesOf(entry.children, [...own.path, 'children'], entry)] : [own]
  })
}

/** @returns whether the id is unique */
function checkId(path: Path, id: unknown, ids: Map<string, Path>, findings: Finding[]): boolean {
  if (typeof id !== 'string') return false
  const same = ids.get(id)
  if (same) findings.push({ path: [...path, 'id'], expected: `another id, because ${pathText(same)} has this one`, input: id, known: [] })
  else ids.set(id, path)
  return !same
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
    const expected = `another dataset, annotator or domain, because ${pathText(same)} has all three`
    findings.push({ path, expected, input: id, known: [] })
  }
}

function isNameOrNothing(value: unknown): value is string | number | undefined {
  return value === undefined || typeof value === 'string' || typeof value === 'number'
}
