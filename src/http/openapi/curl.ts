/** A call as a curl command. */
import type { Operation, Schema } from './model.js'

export function curlFor(method: string, path: string, { parameters = [], requestBody, tags }: Operation, base: string): string {
  const filled = path.replace(/\{(\w+)\}/g, (_all, name: string) => examples[name] ?? 'x')
  const query = parameters.filter((each) => each.in === 'query' && each.required).map(({ name }) => `${name}=${examples[name] ?? 'x'}`)
  const host = `http://127.0.0.1:8000${base === '/' ? '' : base}`
  const parts = [`curl ${method === 'GET' ? '' : `-X ${method} `}'${host}${filled}${query.length > 0 ? `?${query.join('&')}` : ''}'`]
  if (!tags?.includes('Document')) parts.push(`-H "authorization: Bearer $TOKEN"`)
  if (path === '/api/ws') parts.push("-H 'connection: upgrade' -H 'upgrade: websocket' ...")
  const schema = requestBody?.content['application/json']?.schema
  if (schema) parts.push("-H 'content-type: application/json'", `-d '${JSON.stringify(exampleOf(schema))}'`)
  return parts.join(' \\\n  ')
}

const examples: Record<string, string> = {
  id: 'annotator-1%2Furgency',
  dataset: 'messages',
  key: 'm-17',
  name: 'key-1',
  annotator_id: '1',
  domain: 'urgency',
}

/** The smallest valid value: only required fields. */
function exampleOf(schema: Schema): unknown {
  if ('const' in schema) return schema.const
  if (schema.enum) return schema.enum[0]
  const [choice] = schema.anyOf ?? []
  if (choice) return exampleOf(choice)
  const { properties = {}, required = [] } = schema
  switch ([schema.type].flat()[0]) {
    case 'object':
      return Object.fromEntries(required.map((name) => [name, examples[name] ?? exampleOf(properties[name] ?? {})]))
    case 'array':
      return [exampleOf(schema.items ?? {})]
    case 'integer':
    case 'number':
      return Math.max(schema.minimum ?? 1, 1)
    case 'boolean':
      return true
    default:
      return 'text'
  }
}
