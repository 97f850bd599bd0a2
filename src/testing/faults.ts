/** Faults of a provider: rules are checked in the order in which they were added, and the first that applies is used. */
import type { AnswerRequest } from './answers.js'

/** The kinds of faults. All of them affect admitted requests, which count against the limits. */
export const faultKinds = {
  /** 500 with the provider's error body. */
  'server-error': 'server-error',
  /** 503 with the provider's error body. */
  unavailable: 'unavailable',
  /** No answer ever; the connection stays open. */
  timeout: 'timeout',
  /** The connection is cut instead of an answer. */
  'cut-before-headers': 'cut-before-headers',
  /** The connection is cut after half of the body. */
  'cut-in-body': 'cut-in-body',
  /** 200, with half of the body as if it were complete. */
  'half-json': 'half-json',
  /** A proxy's 502: a page of HTML. */
  html: 'html',
  /** The body comes in pieces, over `overMs`. */
  'slow-body': 'slow-body',
  /** A well-formed answer without text. */
  'empty-answer': 'empty-answer',
} as const

/** A kind of fault; see {@link FaultRule}. */
export type FaultKind = keyof typeof faultKinds

/** At least one of `rate`, `times` and `when`; where several are given, all must hold. */
export interface FaultRule {
  kind: FaultKind
  /** The share of admitted requests that it affects, 0 to 1. */
  rate?: number
  /** The number of requests that it affects in all. At least 1. */
  times?: number
  /** Whether it affects this request. */
  when?: (request: AnswerRequest) => boolean
  /** How long a `slow-body` takes, in ms of the provider's clock. @defaultValue 10_000 */
  overMs?: number
}

interface Fault {
  rule: FaultRule
  left: number
}

/** The active rules. */
export class Faults {
  readonly #random: () => number
  #faults: Fault[] = []

  constructor(random: () => number) {
    this.#random = random
  }

  /** Adds a rule. @returns a function that removes it */
  add(rule: FaultRule): () => void {
    const fault = { rule, left: rule.times ?? Number.POSITIVE_INFINITY }
    this.#faults.push(fault)
    return () => {
      this.#faults = this.#faults.filter((other) => other !== fault)
    }
  }

  clear(): void {
    this.#faults = []
  }

  /** The fault of this request, or null. */
  pick(request: AnswerRequest): FaultRule | null {
    for (const fault of this.#faults) {
      const { rate, when } = fault.rule
      if (fault.left <= 0 || (when && !when(request)) || (rate !== undefined && this.#random() >= rate)) continue
      fault.left--
      return fault.rule
    }
    return null
  }
}
