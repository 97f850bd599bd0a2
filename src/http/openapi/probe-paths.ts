import type { OpenApiDocument } from './model.js'

/** The probes, which say nothing else. */

const answer = (description: string) => ({
  description,
  content: {
    'application/json': {
      schema: {
        type: 'object' as const,
        properties: { ok: { type: 'boolean' as const }, not: { type: 'string' as const }, status: { type: 'string' as const } },
        required: ['ok'],
      },
    },
  },
})

export const probePaths: OpenApiDocument['paths'] = {
  '/livez': {
    get: {
      operationId: 'isAlive',
      tags: ['Probes'],
      summary: 'Whether the process answers',
      security: [],
      responses: { 200: answer('It does') },
    },
  },
  '/health': {
    get: {
      operationId: 'isHealthy',
      tags: ['Probes'],
      summary: 'As /livez, for clients of the system before drover',
      security: [],
      responses: { 200: answer('It does') },
    },
  },
  '/readyz': {
    get: {
      operationId: 'isReady',
      tags: ['Probes'],
      summary: 'Whether the system can do its work',
      security: [],
      responses: { 200: answer('It can'), 503: answer('It cannot: `not` says why') },
    },
  },
}
