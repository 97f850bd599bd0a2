/** Actors for tests of messages. */
import type { Drover, WorkerOptions } from '../../src/index.js'

const module = new URL('../fixtures/actor.worker.js', import.meta.url)

export function actors(ids: string[], more: Partial<WorkerOptions> = {}): WorkerOptions[] {
  return ids.map((id) => ({ id, module, ...more }))
}

/** The error that an ask or a tell rejects with. */
export async function settled(
  asked: Promise<unknown>,
): Promise<Error & { code?: string; cause?: Error; details: Record<string, unknown> }> {
  return await asked.then(
    (value) => {
      throw new Error(`it was answered: ${JSON.stringify(value)}`)
    },
    (error) => error,
  )
}

/** Dead letters as texts, as they are told. */
export function deadLetters(system: Drover): string[] {
  const dead: string[] = []
  system.on('message:dead', ({ why, message, to, count }) => dead.push(`${why} ${message} to ${to} x${count}`))
  return dead
}
