/** For process monitors: whether this process answers, and whether it can work. They need no token and reveal nothing else. */
import { Hono } from 'hono'
import type { Drover } from '../drover/drover.js'
import type { Env } from './base/request-env.js'

export function probes(drover: Drover): Hono<Env> {
  return (
    new Hono<Env>()
      .get('/livez', (c) => c.json({ ok: true }))
      // Its name in the system before drover.
      .get('/health', (c) => c.json({ ok: true, status: 'healthy' }))
      .get('/readyz', (c) => {
        const { state } = drover.view
        return state === 'open' ? c.json({ ok: true }) : c.json({ ok: false, not: `the system is ${state}` }, 503)
      })
  )
}
