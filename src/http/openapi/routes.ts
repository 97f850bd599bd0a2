/** The OpenAPI document of all mounted routes, and its page. */
import { Hono } from 'hono'
import * as v from 'valibot'
import { operation } from '../api/describe.js'
import type { Env } from '../base/request-env.js'
import { createDocument } from './document.js'
import type { OpenApiDocument } from './model.js'
import { referencePage } from './page.js'
import { stylesheet } from './stylesheet.js'

const text = (description: string, type: string) => ({ description, content: { [type]: { schema: v.string() } } })

/** @param app the described app; its routes are read at the first request */
export function documentRoutes(app: Hono<Env>): Hono<Env> {
  let made: Promise<OpenApiDocument> | null = null
  /** The document with paths for the app's mount point. */
  const documentAt = async (mount: string): Promise<OpenApiDocument> => {
    made ??= createDocument(app)
    return { ...(await made), servers: [{ url: mount || '/' }] }
  }

  return new Hono<Env>()
    .get(
      '/api/openapi.json',
      operation({
        id: 'getDocument',
        tag: 'Document',
        summary: 'This document',
        answers: { 200: { description: 'OpenAPI 3.1', content: { 'application/json': { schema: { type: 'object' } } } } },
      }),
      async (c) => c.json(await documentAt(c.get('mount'))),
    )
    .get(
      '/api/reference',
      operation({
        id: 'getReference',
        tag: 'Document',
        summary: 'This document as a page to read',
        answers: { 200: text('The page', 'text/html') },
      }),
      async (c) => c.html(referencePage(await documentAt(c.get('mount')))),
    )
    .get(
      '/api/docs',
      operation({
        id: 'getDocs',
        tag: 'Document',
        summary: 'As /api/reference, at its path in the system before drover',
        answers: { 200: text('The page', 'text/html') },
      }),
      async (c) => c.html(referencePage(await documentAt(c.get('mount')))),
    )
    .get(
      '/api/reference.css',
      operation({
        id: 'getReferenceStyle',
        tag: 'Document',
        summary: 'The stylesheet of that page',
        answers: { 200: text('The style', 'text/css') },
      }),
      (c) => c.body(stylesheet, 200, { 'content-type': 'text/css; charset=utf-8' }),
    )
}
