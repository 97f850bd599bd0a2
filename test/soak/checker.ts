/** Has every note looked at by every invariant. */
import { closesInTime, noTrouble, nothingLeaks } from './invariants/host.js'
import type { Invariant } from './invariants/invariant.js'
import { restartsWithinPolicy, staysBlacklisted, staysStopped } from './invariants/policy.js'
import { fencesRise, oneThread, slotsNotExceeded } from './invariants/threads.js'
import { attemptsHonest, quotasNotExceeded, resultsOnce } from './invariants/work.js'
import type { Note } from './notes.js'
import type { Subject } from './subject.js'

export interface Violation {
  invariant: string
  complaint: string
  /** The place among the notes of the one that broke it. */
  index: number
}

/** All of them at once. Counts what it looked at. */
export class Checker {
  readonly violations: Violation[] = []
  readonly #invariants: [string, Invariant][]
  #notes = 0

  constructor(subjects: readonly Subject[]) {
    this.#invariants = Object.entries({
      oneThread: oneThread(),
      fencesRise: fencesRise(),
      staysBlacklisted: staysBlacklisted(),
      staysStopped: staysStopped(),
      restartsWithinPolicy: restartsWithinPolicy(subjects),
      slotsNotExceeded: slotsNotExceeded(subjects),
      quotasNotExceeded: quotasNotExceeded(subjects),
      attemptsHonest: attemptsHonest(),
      resultsOnce: resultsOnce(subjects),
      nothingLeaks: nothingLeaks(),
      closesInTime: closesInTime(),
      noTrouble: noTrouble(),
    })
  }

  /** Each note is looked at by each invariant. */
  get checks(): number {
    return this.#notes * this.#invariants.length
  }

  see(note: Note): void {
    for (const [invariant, look] of this.#invariants) {
      const complaint = look(note)
      if (complaint !== undefined) this.violations.push({ invariant, complaint, index: this.#notes })
    }
    this.#notes++
  }
}
