/** What was done over the last hour or day. */
import * as v from 'valibot'
import { count, time } from './common.js'

export const workHistory = v.object({
  stepMs: count,
  /** The last step goes to here. */
  until: time,
  /** Every step, oldest first. `failed`: attempts that failed or crashed their worker. `dead`: tasks given up, not by hand. */
  steps: v.array(v.object({ at: time, results: count, failed: count, dead: count, restarts: count })),
})
/** What was done, in steps of a minute or of ten. Times are ms since the epoch. */
export type WorkHistory = v.InferOutput<typeof workHistory>
