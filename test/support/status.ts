/** Status servers for tests: of a system of their own, closed with it. */
import type { Drover } from '../../src/drover/drover.js'
import type { ServeOptions, StatusServer } from '../../src/http/base/options.js'
import { serveWith } from '../../src/http/serve.js'

export const token = 'control-token-of-a-test'
export const readToken = 'read-token-of-a-test'

const servers: StatusServer[] = []

/** On a free port. */
export async function serve(drover: Drover, options: ServeOptions = {}, own: Parameters<typeof serveWith>[2] = {}): Promise<StatusServer> {
  const server = await serveWith(drover, { port: 0, ...options }, own)
  servers.push(server)
  return server
}

/** To be run after each test, before `cleanUp`. */
export async function closeServers(): Promise<void> {
  await Promise.all(servers.splice(0).map((server) => server.close({ graceMs: 100 })))
}

export const bearer = (value: string): Record<string, string> => ({ authorization: `Bearer ${value}` })

export interface Answer {
  status: number
  headers: Headers
  // biome-ignore lint/suspicious/noExplicitAny: whatever was answered; tests say what it should be
  body: any
}

/** Asks, and reads the answer as JSON where it is that. */
export async function ask(
  server: Pick<StatusServer, 'url'>,
  path: string,
  { body, headers, ...init }: Omit<RequestInit, 'body' | 'headers'> & { body?: unknown; headers?: Record<string, string> } = {},
): Promise<Answer> {
  const isText = body === undefined || typeof body === 'string'
  const response = await fetch(`${server.url}${path}`, {
    redirect: 'manual',
    ...init,
    ...(body !== undefined && { body: isText ? (body as string) : JSON.stringify(body) }),
    headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
  })
  const text = await response.text()
  const isJson = /^application\/json\b/.test(response.headers.get('content-type') ?? '')
  return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : text }
}
