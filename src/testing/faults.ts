/** What goes wrong at a provider, and when: rules are asked in the order they were made, and the first that applies has it. */
import type { AnswerRequest } from './answers.js'

/** The kinds of faults. All come to a request that was admitted, and so count against its limits. */
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
  /** 200, and half of the body as if it were all of it. */
  'half-json': 'half-json',
  /** A proxy's 502: a page of HTML. */
  html: 'html',
  /** The body comes in pieces, over `overMs`. */
  'slow-body': 'slow-body',
  /** A well-formed answer without text. */
  'empty-answer': 'empty-answer',
} as const

/** What goes wrong; {@link FaultRule} says when. */
export type FaultKind = keyof typeof faultKinds

/** At least one of `rate`, `times` and `when`; where several are given, all must hold. */
export interface FaultRule {
  kind: FaultKind
  /** The share of admitted requests that it comes to, 0 to 1. */
  rate?: number
  /** How many requests it comes to, then never again. At least 1. */
  times?: number
  /** Whether it comes to this request. */
  when?: (request: AnswerRequest) => boolean
  /** How long a `slow-body` takes, in ms of the provider's clock. @defaultValue 10_000 */
  overMs?: number
}

interface Fault {
  rule: FaultRule
  left: number
}

/** The rules that are in force. */
export class Faults {
  readonly #random: () => number
  #faults: Fault[] = []

  constructor(random: () => number) {
    this.#random = random
  }

  /** Adds a rule. The answer takes it back. */
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

  /** What goes wrong with this request, or null. */
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
