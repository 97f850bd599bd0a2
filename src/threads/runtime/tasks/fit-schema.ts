/** Applies a Standard Schema (valibot, zod, arktype, ...) to the data and the result of a task. */
import type { StandardSchemaV1 } from '@standard-schema/spec'
import { isTooDeep } from '../../../values/json-depth.js'
import { TaskError } from '../task-error.js'

/** For an output that does not fit: keeps the raw value as JSON text, so that a dead task still shows it. */
class DoesNotFit extends TaskError {
  readonly raw: string | undefined
  constructor(code: string, message: string, retry: boolean, raw: string | undefined) {
    super(code, { message, retry })
    this.raw = raw
  }
}

/**
 * @returns the schema's output for the value
 *
 * @throws TaskError with the path of each issue; without a retry for an input, because it does not change
 */
export async function fits<Out>(
  schema: StandardSchemaV1<unknown, Out>,
  value: unknown,
  code: 'TASK_INPUT_INVALID' | 'TASK_OUTPUT_INVALID',
): Promise<Out> {
  const result = await schema['~standard'].validate(value)
  if (!result.issues) return result.value
  const output = code === 'TASK_OUTPUT_INVALID'
  const issues = result.issues.map((issue) => `${pathOf(issue.path)}: ${issue.message}`).join('; ')
  throw new DoesNotFit(code, `the ${output ? 'result' : 'task'} does not fit: ${issues}`, output, output ? rawJson(value) : undefined)
}

/**
 * The worker's own input, for `ctx.input`.
 *
 * @returns the schema's output, or why the worker cannot run: where the input does not fit. What the schema says of it is left out, because
 * it may quote the value, and an input has secrets
 */
export async function fitInput(
  schema: StandardSchemaV1 | undefined,
  input: unknown,
): Promise<{ input: unknown; why: null } | { input: null; why: string }> {
  const result = await schema?.['~standard'].validate(input)
  if (!result?.issues) return { input: result ? result.value : input, why: null }
  const places = [...new Set(result.issues.map(({ path }) => pathOf(path)))]
  return { input: null, why: `its input does not fit the workerInput of its module: ${places.join(', ')}` }
}

function pathOf(path: StandardSchemaV1.Issue['path']): string {
  if (!path || path.length === 0) return '(root)'
  return path.map((part) => String(typeof part === 'object' ? part.key : part)).join('.')
}

function rawJson(value: unknown): string | undefined {
  try {
    const json = JSON.stringify(value)
    return isTooDeep(json) ? undefined : json
  } catch {
    return undefined
  }
}
