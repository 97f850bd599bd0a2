/** The paths and shapes that the clients of the system before drover expect. */
import { type Context, Hono } from 'hono'
import * as v from 'valibot'
import { totalsOf } from '../../actors/system/status.js'
import type { ControlOutcome } from '../../drover/reports.js'
import type { Selector } from '../../drover/selector.js'
import { DroverError } from '../../errors.js'
import type { RecentLogs } from '../../logs/logs.js'
import { collected, piecewise } from '../../time/turns.js'
import type { Env } from '../base/request-env.js'
import type { StatusContext } from '../base/status-context.js'
import { answerer, isWrapped } from './answer.js'
import { configRoutes } from './config.js'
import * as contract from './contract.js'
import { dataRoutes } from './data.js'
import { bodyOf, controlling, monitoring, path, query } from './describe.js'
import { exportRoutes } from './export.js'
import * as present from './present.js'
import { resetRoutes } from './reset.js'
import { selectorOf } from './selection.js'
import { summaryRoutes } from './summaries.js'

export function seedRoutes(status: StatusContext): Hono<Env> {
  return new Hono<Env>()
    .route('/control', controlRoutes(status))
    .route('/control', resetRoutes(status))
    .route('/control', summaryRoutes(status))
    .route('/monitoring', monitoringRoutes(status))
    .route('/config', configRoutes(status))
    .route('/data', dataRoutes(status))
    .route('/export', exportRoutes(status))
}

function controlRoutes({ drover, control, options }: StatusContext): Hono<Env> {
  const answer = answerer(options.envelope)
  const outcomes = v.array(contract.seedOutcome)
  const body = contract.seedSelection
  const each = (c: Context, done: readonly ControlOutcome[]) => answer(c, done.map(present.presentSeedOutcome))
  const chosen = async (c: Context): Promise<Selector | undefined> => selectorOf(await bodyOf(c, body))
  const described = (id: string, summary: string) => controlling({ id, summary, answer: outcomes, body })

  return new Hono<Env>()
    .post('/start', described('seedStart', 'Start workers'), control('workers.start'), async (c) =>
      each(c, await drover.start(await chosen(c))),
    )
    .post('/stop', described('seedStop', 'Stop workers'), control('workers.stop'), async (c) => each(c, await drover.stop(await chosen(c))))
    .post('/pause', described('seedPause', 'Pause workers'), control('workers.pause'), async (c) =>
      each(c, await drover.pause(await chosen(c))),
    )
    .post('/resume', described('seedResume', 'Resume workers'), control('workers.resume'), async (c) =>
      each(c, await drover.resume(await chosen(c))),
    )
    .post(
      '/restart/:annotator_id/:domain',
      controlling({ id: 'seedRestart', summary: 'Stop a worker, then start it', answer: contract.seedRestart }),
      path(contract.onePath),
      control('workers.restart'),
      async (c) => {
        const { annotator_id: annotator, domain } = c.req.valid('param')
        const stop = await drover.stop({ annotator, domain })
        const start = await drover.start({ annotator, domain })
        return answer(c, { stop: present.presentSeedOutcome(worstOf(stop)), start: present.presentSeedOutcome(worstOf(start)) })
      },
    )
}

function monitoringRoutes({ drover, options }: StatusContext): Hono<Env> {
  const answer = answerer(options.envelope)
  const time = (): present.SeedTime => ({ now: Date.now(), staleMs: options.crashDetectionMinutes * 60_000 })
  const { view } = drover
  const named = (annotator: string | undefined, domain: string | undefined) =>
    view.find((worker) => (annotator ?? worker.annotator) === worker.annotator && (domain ?? worker.domain) === worker.domain)
  /** Of thousands some in each turn of the event loop. */
  const workers = (ids: readonly string[]) => piecewise(collected(view.workers(ids)))

  const overview = async () => {
    const workers = await piecewise(collected(view.glances()))
    return present.presentSeedOverview({ ...view.sums(totalsOf(workers)), workers })
  }

  return new Hono<Env>()
    .get(
      '/overview',
      monitoring({ id: 'seedOverview', summary: 'The whole system in numbers', answer: contract.seedOverview }),
      async (c) => {
        const told = await overview()
        return answer(c, isWrapped(c, options.envelope) ? present.withTimeInWords(told) : told)
      },
    )
    .get(
      '/workers',
      monitoring({ id: 'seedWorkers', summary: 'Workers and their status', answer: v.array(contract.seedWorker) }),
      query(contract.workersQuery),
      async (c) => {
        const { annotator_id: annotator, domain, status } = c.req.valid('query')
        const shown = (await workers(named(annotator, domain))).map((worker) => present.presentSeedWorker(worker, time()))
        return answer(
          c,
          shown.filter((worker) => (status ?? worker.status) === worker.status),
        )
      },
    )
    .get(
      '/workers/:annotator_id/:domain',
      monitoring({ id: 'seedWorker', summary: 'One worker', answer: contract.seedWorker }),
      path(contract.onePath),
      (c) => {
        const { annotator_id: annotator, domain } = c.req.valid('param')
        const [worker] = view.workers(named(annotator, domain))
        if (!worker) throw new DroverError('WORKER_UNKNOWN', `no worker matches ${JSON.stringify({ annotator, domain })}`)
        return answer(c, present.presentSeedWorker(worker, time()))
      },
    )
    .get('/health', monitoring({ id: 'seedHealth', summary: 'Crashed and stuck workers', answer: contract.seedHealth }), async (c) =>
      answer(c, present.presentSeedHealth(await workers([...view.ids()]), time())),
    )
    .get('/quota', monitoring({ id: 'seedQuota', summary: 'The status of quotas, by name', answer: contract.seedQuotas }), async (c) =>
      answer(c, present.presentSeedQuotas(await drover.quotas())),
    )
    .get(
      '/logs',
      monitoring({ id: 'seedLogs', summary: 'The latest log records, oldest first', answer: v.array(contract.seedLog) }),
      query(contract.logsQuery),
      (c) => {
        const { annotator_id: annotator, domain, level, limit } = c.req.valid('query')
        const records = drover.logs({
          limit,
          ...(level !== undefined && { level: levels[level] }),
          ...(annotator !== undefined && { annotator }),
          ...(domain !== undefined && { domain }),
        })
        return answer(c, records.map(present.presentSeedLog))
      },
    )
}

const levels = { debug: 'debug', info: 'info', warn: 'warn', warning: 'warn', error: 'error', critical: 'error' } as const satisfies Record<
  string,
  RecentLogs['level']
>

/** Several workers may have the same annotator and domain, on different datasets: a failed outcome comes first. */
const worstOf = (outcomes: ControlOutcome[]): ControlOutcome => (outcomes.find(({ ok }) => !ok) ?? outcomes[0]) as ControlOutcome
