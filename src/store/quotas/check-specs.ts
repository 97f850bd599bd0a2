import { QuotaError } from '../../errors.js'
import { periodOf } from '../../time/calendar.js'
import type { Time } from '../contract/basics.js'
import type { QuotaSpec } from '../contract/quotas.js'
import { withAllAbove } from './hierarchy.js'
import type { Limiter } from './limiter.js'
import { perOf } from './windows/open-window.js'

/** @throws QUOTA_INVALID */
export function validate(spec: QuotaSpec, at: Time): void {
  const labels = spec.windows.map((window) => `${window.unit}/${perOf(window)}`)
  const twice = labels.find((label, index) => labels.indexOf(label) !== index)
  if (twice) throw new QuotaError('QUOTA_INVALID', `quota ${spec.name} limits ${twice} twice`, { details: { spec } })
  for (const [index, { limit, per, burst }] of spec.windows.entries()) {
    const length = typeof per !== 'number' || per > 0
    if (!(limit > 0 && length && (burst === null || burst > 0))) {
      const message = `quota ${spec.name}: ${labels[index]} needs a limit and a length above 0`
      throw new QuotaError('QUOTA_INVALID', message, { details: { spec } })
    }
    if (typeof per !== 'object') continue
    try {
      periodOf(per.calendar, per.timeZone, at)
    } catch (cause) {
      const message = `quota ${spec.name}: there is no time zone ${per.timeZone}`
      throw new QuotaError('QUOTA_INVALID', message, { cause, details: { spec } })
    }
  }
}

/** The quotas in `within` must be known, and no quota may be within itself. */
export function checkWithin(specs: readonly QuotaSpec[], limiter: Limiter): void {
  const specOf = (name: string): QuotaSpec | undefined => specs.find((spec) => spec.name === name) ?? limiter.quotas.get(name)?.spec
  for (const { name, within } of specs) {
    for (const each of within) {
      for (const above of withAllAbove(each, (one) => specOf(one)?.within ?? [])) {
        if (above === name) throw new QuotaError('QUOTA_INVALID', `quota ${name} is within itself`, { details: { quota: name } })
        if (specOf(above)) continue
        throw new QuotaError('QUOTA_INVALID', `quota ${name} is within ${above}, which is not known`, { details: { quota: above } })
      }
    }
  }
}
