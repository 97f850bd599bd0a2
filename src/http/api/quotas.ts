/** Quotas: their status, and control of them while the system runs. */
import { Hono } from 'hono'
import { etag } from 'hono/etag'
import * as v from 'valibot'
import type { QuotaOptions } from '../../options/quota.js'
import { longestWaitMs } from '../../validation/arguments.js'
import { refuse } from '../base/errors.js'
import type { Env } from '../base/request-env.js'
import { given } from '../base/without-undefined.js'
import { anyText, name, notAList, pageOf, strictly, wholeText } from '../contract/common.js'
import { type Quota, quota, quotaOptions, quotaSample } from '../contract/quota.js'
import { body, cachedOperation, operation, path, query } from './describe.js'
import type { V1Context } from './v1-context.js'

const one = v.strictObject({ name })
const penalty = strictly({
  retryAfterMs: v.pipe(
    v.number(),
    v.safeInteger('whole milliseconds'),
    v.minValue(0, 'at least 0'),
    v.maxValue(longestWaitMs, 'at most a year'),
  ),
})
const limits = v.pipe(notAList<v.InferInput<typeof quotaOptions>>(), quotaOptions)
const nothing = strictly({})
const refuses = [404, 413, 415] as const

export function quotasRoutes({ drover, quotas, control }: V1Context) {
  /** The quota after a change. */
  async function changed(asked: string): Promise<Quota> {
    quotas.forget()
    const found = (await quotas.quotas()).find((each) => each.name === asked)
    if (!found) throw refuse('NOT_FOUND', 'there is no such quota')
    return found
  }

  return new Hono<Env>()
    .get(
      '/quotas',
      cachedOperation({ id: 'listQuotas', tag: 'Quotas', summary: 'The status of all quotas', answers: { 200: pageOf(quota) } }),
      etag({ weak: true }),
      async (c) => c.json({ items: await quotas.quotas(), next: null }),
    )
    .get(
      '/quotas/:name',
      cachedOperation({ id: 'getQuota', tag: 'Quotas', summary: 'The status of one quota', answers: { 200: quota }, refuses: [404] }),
      path(one),
      etag({ weak: true }),
      async (c) => {
        const { name: asked } = c.req.valid('param')
        drover.quota(asked)
        const found = (await quotas.quotas()).find((each) => each.name === asked)
        return c.json(found ?? (await changed(asked)))
      },
    )
    .get(
      '/quotas/:name/history',
      cachedOperation({
        id: 'getQuotaHistory',
        tag: 'Quotas',
        summary: 'Samples of the last day, oldest first',
        more: 'One for every ten seconds in which something changed. `since`: only those from this time on, in ms since the epoch.',
        answers: { 200: pageOf(quotaSample) },
        refuses: [404],
      }),
      path(one),
      query(v.strictObject({ since: v.optional(wholeText(0, Number.MAX_SAFE_INTEGER)) })),
      etag({ weak: true }),
      async (c) => {
        const items = await drover.quota(c.req.valid('param').name).history(given(c.req.valid('query')))
        return c.json({ items, next: null })
      },
    )
    .put(
      '/quotas/:name',
      operation({
        id: 'setQuota',
        tag: 'Quotas',
        summary: 'Replaces the limits of a quota',
        more: 'The given limits replace all earlier ones. Used amounts stay used; waiting workers are woken.',
        answers: { 200: quota },
        refuses: [...refuses],
      }),
      control('quotas.set'),
      path(one),
      body(limits),
      async (c) => {
        const { name: asked } = c.req.valid('param')
        // Checked together with the whole configuration.
        await drover.quota(asked).set(c.req.valid('json') as QuotaOptions)
        return c.json(await changed(asked))
      },
    )
    .post(
      '/quotas/:name/penalize',
      operation({
        id: 'penalizeQuota',
        tag: 'Quotas',
        summary: 'Stops grants for `retryAfterMs`',
        more: 'Never shortens an earlier penalty.',
        answers: { 200: quota },
        refuses: [...refuses],
      }),
      control('quotas.penalize'),
      path(one),
      body(penalty),
      async (c) => {
        const { name: asked } = c.req.valid('param')
        await drover.quota(asked).penalize(c.req.valid('json'))
        return c.json(await changed(asked))
      },
    )
    .post(
      '/quotas/:name/unblock',
      operation({
        id: 'unblockQuota',
        tag: 'Quotas',
        summary: 'Lifts a penalty, or a block that the provider asked for',
        more: 'After that, only its windows limit its grants. Waiting workers are woken.',
        answers: { 200: quota },
        refuses: [...refuses],
      }),
      control('quotas.unblock'),
      path(one),
      body(nothing),
      async (c) => {
        const { name: asked } = c.req.valid('param')
        await drover.quota(asked).unblock()
        return c.json(await changed(asked))
      },
    )
    .post(
      '/quotas/:name/retire',
      operation({
        id: 'retireQuota',
        tag: 'Quotas',
        summary: 'Stops grants until it is revived, because its key must not be used',
        answers: { 200: quota },
        refuses: [...refuses],
      }),
      control('quotas.retire'),
      path(one),
      body(strictly({ reason: v.optional(anyText, 'retired by hand') })),
      async (c) => {
        const { name: asked } = c.req.valid('param')
        await drover.quota(asked).retire(c.req.valid('json').reason)
        return c.json(await changed(asked))
      },
    )
    .post(
      '/quotas/:name/revive',
      operation({
        id: 'reviveQuota',
        tag: 'Quotas',
        summary: 'Ends a retirement: its key works again',
        answers: { 200: quota },
        refuses: [...refuses],
      }),
      control('quotas.revive'),
      path(one),
      body(nothing),
      async (c) => {
        const { name: asked } = c.req.valid('param')
        await drover.quota(asked).revive()
        return c.json(await changed(asked))
      },
    )
}
