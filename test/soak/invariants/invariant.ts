/** What an invariant is, and what several of them say alike. */
import type { Note, ThreadName } from '../notes.js'

/**
 * Something that must hold all the while, as a fold over the notes: it sees them in order, and answers with a complaint where one breaks
 * it. Pure, so that the tests can feed it with what must not be.
 */
export type Invariant = (note: Note) => string | undefined

/** State changes, verdicts and threads read the clock one after the other. */
export const clockSlackMs = 250

export const nameOf = ({ pid, thread }: ThreadName): string => `thread ${thread} of ${pid}`
