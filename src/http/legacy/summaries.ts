/** What is declared of annotators and of their workers: old clients let nobody start anything without it. */
import { Hono } from 'hono'
import * as v from 'valibot'
import type { DeclaredWorker } from '../../actors/system/view.js'
import { DroverError } from '../../errors.js'
import type { Env } from '../base/request-env.js'
import type { StatusContext } from '../base/status-context.js'
import { count } from '../contract/common.js'
import { answerer } from './answer.js'
import { annotatorId, oneAnnotator } from './contract.js'
import { controlling, path } from './describe.js'
import { annotatorIdOf } from './present.js'

export const globalSettings = v.object({
  /** Empty: which model a worker asks is its own affair. */
  model_name: v.string(),
  request_delay_seconds: v.number(),
  max_retries: count,
  crash_detection_minutes: count,
})
export type GlobalSettings = v.InferOutput<typeof globalSettings>

/** Prompts are part of the worker's module: there is always the one that it has. */
const promptInfo = v.object({ source_type: v.literal('base'), active_version: v.null(), content_preview: v.string() })
const basePrompt: v.InferOutput<typeof promptInfo> = { source_type: 'base', active_version: null, content_preview: '' }

const seedSummary = v.object({
  annotator_id: annotatorId,
  /** Whether a key is in the input of each of its enabled workers. */
  has_api_key: v.boolean(),
  global_settings: globalSettings,
  enabled_domains: v.array(v.object({ domain: v.string(), target_count: count, prompt_info: promptInfo })),
  total_target_count: count,
  enabled_count: count,
})
const seedEnabledWorker = v.object({
  annotator_id: annotatorId,
  domain: v.string(),
  target_count: count,
  enabled: v.boolean(),
  global_settings: globalSettings,
  has_api_key: v.boolean(),
  prompt_info: promptInfo,
})

/** The settings of these workers; where they differ, the longest wait and the most attempts. */
export function settingsOf(workers: readonly DeclaredWorker[], crashDetectionMinutes: number): GlobalSettings {
  return {
    model_name: '',
    request_delay_seconds: Math.max(0, ...workers.map(({ delayMs }) => delayMs)) / 1_000,
    max_retries: Math.max(0, ...workers.map(({ maxAttempts }) => maxAttempts - 1)),
    crash_detection_minutes: crashDetectionMinutes,
  }
}

export function summaryRoutes({ drover, options }: StatusContext): Hono<Env> {
  const answer = answerer(options.envelope)
  const { crashDetectionMinutes } = options
  const enabled = (): DeclaredWorker[] => drover.view.declared().filter((worker) => worker.enabled)

  function summary(annotator: string, own: readonly DeclaredWorker[]): v.InferOutput<typeof seedSummary> {
    return {
      annotator_id: annotatorIdOf(annotator),
      has_api_key: own.every(({ hasKey }) => hasKey),
      global_settings: settingsOf(own, crashDetectionMinutes),
      enabled_domains: own.map(({ domain, target }) => ({ domain, target_count: target, prompt_info: basePrompt })),
      total_target_count: own.reduce((sum, { target }) => sum + target, 0),
      enabled_count: own.length,
    }
  }

  return new Hono<Env>()
    .get(
      '/annotator-summaries',
      controlling({ id: 'seedSummaries', summary: 'The annotators with an enabled domain', answer: v.array(seedSummary) }),
      (c) => {
        const byAnnotator = new Map<string, DeclaredWorker[]>()
        for (const worker of enabled()) {
          const own = byAnnotator.get(worker.annotator)
          if (own) own.push(worker)
          else byAnnotator.set(worker.annotator, [worker])
        }
        return answer(
          c,
          Array.from(byAnnotator, ([annotator, own]) => summary(annotator, own)),
        )
      },
    )
    .get(
      '/annotator-summaries/:annotator_id',
      controlling({ id: 'seedSummary', summary: 'One annotator', answer: seedSummary }),
      path(oneAnnotator),
      (c) => {
        const { annotator_id: annotator } = c.req.valid('param')
        const own = enabled().filter((worker) => worker.annotator === annotator)
        if (own.length === 0) throw new DroverError('WORKER_UNKNOWN', `no enabled worker matches ${JSON.stringify({ annotator })}`)
        return answer(c, summary(annotator, own))
      },
    )
    .get(
      '/enabled-workers',
      controlling({ id: 'seedEnabledWorkers', summary: 'The enabled workers, as declared', answer: v.array(seedEnabledWorker) }),
      (c) =>
        answer(
          c,
          enabled().map(
            (worker): v.InferOutput<typeof seedEnabledWorker> => ({
              annotator_id: annotatorIdOf(worker.annotator),
              domain: worker.domain,
              target_count: worker.target,
              enabled: true,
              global_settings: settingsOf([worker], crashDetectionMinutes),
              has_api_key: worker.hasKey,
              prompt_info: basePrompt,
            }),
          ),
        ),
    )
}
