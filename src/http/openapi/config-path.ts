import type { OpenApiDocument } from './model.js'

/** The calls of old clients that would change the configuration: one route refuses all of them. */

type Path = OpenApiDocument['paths'][string]

const refusal = (description: string) => ({
  description,
  content: { 'application/json': { schema: { $ref: '#/components/schemas/ErrorAnswer' } } },
})

const refused = (operationId: string, summary: string) => ({
  operationId,
  tags: ['Control (old clients)'],
  summary,
  description:
    'Always 501: keys, prompts and their versions belong to the application that runs drover. The same holds for every other path ' +
    'below `/api/config/`, except `GET settings` and `GET dataset/info`.',
  parameters: [{ in: 'path' as const, name: 'call', required: true, schema: { type: 'string' as const } }],
  responses: {
    401: refusal('No access: a token is missing or wrong'),
    403: refusal('The role of the caller, or the origin of its page, does not allow this'),
    421: refusal('The host name of the request is not known here'),
    429: refusal('Too many wrong tokens from this address'),
    500: refusal('drover failed: its log has the cause'),
    501: refusal('The configuration belongs to the application'),
  },
})

export const configPath: Path = {
  get: refused('seedConfigRead', 'Not answered: keys, prompts and their versions'),
  put: refused('seedConfigReplace', 'Not answered: change the configuration'),
  post: refused('seedConfigAdd', 'Not answered: add a key or a prompt'),
  delete: refused('seedConfigDelete', 'Not answered: delete a key or a prompt'),
}
