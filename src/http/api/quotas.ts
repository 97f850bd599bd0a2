/** Quotas: where they stand, and what can be done about them while everything runs. */
import { Hono } from 'hono'
import { etag } from 'hono/etag'
import * as v from 'valibot'
import type { QuotaOptions } from '../../options/quota.js'
import { longestWaitMs } from '../../validation/arguments.js'
import { refuse } from '../base/errors.js'
import { given } from '../base/given.js'
import type { Env } from '../base/request-env.js'
import { name, notAList, pageOf, strictly, wholeText } from '../contract/common.js'
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
  /** As it is after something was done about it. */
  async function changed(asked: string): Promise<Quota> {
    quotas.forget()
    const found = (await quotas.quotas()).find((each) => each.name === asked)
    if (!found) throw refuse('NOT_FOUND', 'there is no such quota')
    return found
  }

  return new Hono<Env>()
    .get(
      '/quotas',
      cachedOperation({ id: 'listQuotas', tag: 'Quotas', summary: 'Where all quotas stand', answers: { 200: pageOf(quota) } }),
      etag({ weak: true }),
      async (c) => c.json({ items: await quotas.quotas(), next: null }),
    )
    .get(
      '/quotas/:name',
      cachedOperation({ id: 'getQuota', tag: 'Quotas', summary: 'Where one quota stands', answers: { 200: quota }, refuses: [404] }),
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
        summary: 'A sample every ten seconds in which something changed, oldest first, for a day',
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
        summary: 'Changes its limits',
        more: 'All of them: they take the place of those it had. What was used stays used; workers that wait for it are woken.',
        answers: { 200: quota },
        refuses: [...refuses],
      }),
      control('quotas.set'),
      path(one),
      body(limits),
      async (c) => {
        const { name: asked } = c.req.valid('param')
        // Checked as the configuration is, whole.
        await drover.quota(asked).set(c.req.valid('json') as QuotaOptions)
        return c.json(await changed(asked))
      },
    )
    .post(
      '/quotas/:name/penalize',
      operation({
        id: 'penalizeQuota',
        tag: 'Quotas',
        summary: 'No grants for so long',
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
        more: 'Its windows alone say what it grants then. Workers that wait for it are woken.',
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
        summary: 'No grants until it is revived: its key is not to be used',
        answers: { 200: quota },
        refuses: [...refuses],
      }),
      control('quotas.retire'),
      path(one),
      body(strictly({ reason: v.optional(name, 'retired by hand') })),
      async (c) => {
        const { name: asked } = c.req.valid('param')
        await drover.quota(asked).retire(c.req.valid('json').reason)
        return c.json(await changed(asked))
      },
    )
    .post(
      '/quotas/:name/revive',
      operation({ id: 'reviveQuota', tag: 'Quotas', summary: 'Its key is good again', answers: { 200: quota }, refuses: [...refuses] }),
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
