/** Calls that are expected to be refused. */
import * as assert from 'uvu/assert'
import { DroverError, type ErrorCode } from '../../src/index.js'

/** What a call rejects with; fails if it succeeds. */
export async function thrownBy(call: Promise<unknown>): Promise<Error> {
  return call.then(
    () => assert.unreachable('the call was not refused') as never,
    (error: Error) => error,
  )
}

/** The error that a call is refused with, by its code and a part of its text. */
export async function refused(call: Promise<unknown>, code?: ErrorCode, text: RegExp = /./): Promise<DroverError> {
  const error: unknown = await thrownBy(call)
  assert.ok(DroverError.is(error), `expected ${code ?? 'a DroverError'}, got ${error}`)
  assert.is(error.code, code ?? error.code, error.message)
  assert.match(error.message, text)
  return error
}
