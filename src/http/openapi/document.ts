/** Makes the OpenAPI document from the descriptions of the routes. */
import type { Hono } from 'hono'
import { generateSpecs } from 'hono-openapi'
import type { Env } from '../base/request-env.js'
import { ownVersion } from '../base/version.js'
import { configPath } from './config-path.js'
import type { OpenApiDocument } from './model.js'
import { probePaths } from './probe-paths.js'
import { socketPath } from './socket-path.js'

/** In the order of reading. */
const tags = [
  { name: 'Session', description: 'The caller.' },
  { name: 'System', description: 'The system as a whole.' },
  { name: 'Workers', description: 'An id is one segment of a path, with `/` as `%2F`: `annotator-1%2Furgency`.' },
  { name: 'Control', description: 'Starting, stopping and other control. Needs the role `control`.' },
  { name: 'Tasks', description: 'One item in one lane (annotator and domain) each.' },
  { name: 'Results', description: 'Committed labels.' },
  { name: 'Quotas', description: 'The limits that workers share.' },
  { name: 'Events and logs', description: 'The event log and the log.' },
  { name: 'Live', description: 'The state as it changes, over a WebSocket.' },
  { name: 'Settings', description: 'Settings that can be changed while the system runs.' },
  { name: 'Profiles', description: 'CPU profiles of workers.' },
  { name: 'Probes', description: 'For process monitors. No token needed.' },
  { name: 'Document', description: 'The API itself.' },
]

const description = `The status of a drover system, and control over it.

A caller sends a token (\`Authorization: Bearer\`) or has a session (a cookie, made by \`POST /api/v1/session\`); a session's calls that change something
need the header \`x-drover-csrf\`. A server without a token answers only requests from its own machine.

Times are milliseconds since the epoch. A list is \`{ items, next }\`; to get the next page, send \`next\` as \`after\`. GET answers have an ETag. A
refusal is \`{ success: false, error, message }\`: \`error\` is a code that programs can rely on; \`message\` is for people and may change.`

export async function createDocument(app: Hono<Env>): Promise<OpenApiDocument> {
  const document = await generateSpecs(app, {
    excludeStaticFile: false,
    documentation: {
      info: { title: 'drover', version: ownVersion(), description, license: { name: 'MIT', identifier: 'MIT' } },
      tags,
      paths: { '/api/ws': { get: socketPath }, '/api/config/{call}': configPath, ...probePaths },
      security: [{ token: [] }, { session: [] }, {}],
      components: {
        securitySchemes: {
          token: { type: 'http', scheme: 'bearer', description: 'The token, or the token for reading only' },
          session: {
            type: 'apiKey',
            in: 'cookie',
            name: 'drover_id',
            description: 'Made by `POST /api/v1/session`; its name has an id of the server in place of `id`',
          },
        },
      },
    },
  })
  const used = new Set(Object.values(document.paths).flatMap((path) => Object.values(path).flatMap((each) => tagsOf(each))))
  const more = [...used].filter((name) => !tags.some((tag) => tag.name === name)).map((name) => ({ name }))
  return { ...document, tags: [...tags.filter(({ name }) => used.has(name)), ...more] }
}

function tagsOf(operation: unknown): string[] {
  return (operation as { tags?: string[] }).tags ?? []
}
