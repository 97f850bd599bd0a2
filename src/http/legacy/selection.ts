import type * as v from 'valibot'
import type { Selector } from '../../drover/selector.js'
import type { seedSelection } from './contract.js'

/** The workers that an old client names; undefined: all enabled ones. */
export function selectorOf({ annotator_id, domain }: v.InferOutput<typeof seedSelection>): Selector | undefined {
  const selector = {
    ...(annotator_id !== undefined && annotator_id !== null && { annotator: annotator_id }),
    ...(domain !== undefined && domain !== null && { domain }),
  }
  return Object.keys(selector).length > 0 ? selector : undefined
}
