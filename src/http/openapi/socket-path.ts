import type { OpenApiDocument } from './model.js'

/** The WebSocket, as far as OpenAPI can describe it. */

type Operation = NonNullable<OpenApiDocument['paths'][string]['get']>

const refusal = (description: string) => ({
  description,
  content: { 'application/json': { schema: { $ref: '#/components/schemas/ErrorAnswer' } } },
})

export const socketPath: Operation = {
  operationId: 'openSocket',
  tags: ['Live'],
  summary: 'The live state over a WebSocket',
  description:
    'Needs `Upgrade: websocket`. Frames are JSON. With `protocol=2`: `hello`, then `state`, then one `patch` for each change, numbered by `seq`. ' +
    'With protocol 1, for old clients: `full_state`, then an `update` with the whole state at each change. `ping` is answered with `pong`. Browsers hand in the token as subprotocol ' +
    '`drover.token.<base64url>` beside `drover.v2`.',
  parameters: [
    { in: 'query', name: 'protocol', schema: { type: 'string', enum: ['1', '2'], default: '1' } },
    {
      in: 'query',
      name: 'topics',
      description: 'Topics, joined by commas: overview, workers, tree, quotas, beats, events, logs. By default overview, workers and tree',
      schema: { type: 'string' },
    },
    {
      in: 'query',
      name: 'tree',
      description: 'Changes of the tree come as patches; otherwise it comes whole at each change',
      schema: { type: 'string', enum: ['patches'] },
    },
    {
      in: 'query',
      name: 'since',
      description: '`<epoch>.<seq>` of the last patch that was seen: resumes after it',
      schema: { type: 'string' },
    },
  ],
  responses: {
    101: { description: 'The WebSocket is open' },
    400: refusal('Not a request for a WebSocket, or an invalid query'),
    401: refusal('No access: a token is missing or wrong'),
    403: refusal('This origin may not connect'),
    421: refusal('The host name of the request is not known here'),
    404: refusal('Only as a WebSocket'),
    429: refusal('Too many wrong tokens from this address, or too many sockets'),
    500: refusal('drover failed: its log has the cause'),
    503: refusal('The system is closing, or its store is gone'),
  },
}
