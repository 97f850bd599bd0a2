/** The API of drover's own, under `/api/v1`: one chain, so that the type of it is the type of a client. */
import { Hono } from 'hono'
import type { Env, StatusContext } from '../context.js'

/** What `hc` takes: `hc<StatusApi>('http://127.0.0.1:8000/api/v1')`. */
export type StatusApi = ReturnType<typeof v1Routes>

export function v1Routes({ drover }: StatusContext) {
  return new Hono<Env>().get('/datasets', async (c) => c.json([drover.status().total]))
}
