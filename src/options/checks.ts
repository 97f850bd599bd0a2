import type { Finding } from '../validation/issues.js'
import { isRecord } from '../validation/schema-pieces.js'

/** Refuses names that every object has already, such as `__proto__`: they would be lost on the way. */
export function checkNames(path: Path, named: Record<string, unknown>, findings: Finding[]): void {
  for (const name of Object.keys(named)) {
    if (['__proto__', 'prototype', 'constructor'].includes(name)) {
      findings.push({ path: [...path, name], expected: 'another name', input: name, known: [] })
    }
  }
}

/** The name must be a key of `quotas` or `groups`. */
export function checkKnown(path: Path, what: 'quota' | 'group', name: unknown, all: Record<string, unknown>, findings: Finding[]): void {
  if (typeof name !== 'string' || Object.hasOwn(all, name)) return
  const known = Object.keys(all)
  findings.push({
    path,
    expected: known.length > 0 ? `the name of a ${what} in ${what}s` : `no ${what}, since ${what}s has none`,
    input: name,
    known,
  })
}

export function merged(layers: unknown[], key: string, otherwise: number): number {
  return layers.reduce<number>((value, layer) => asNumber(asRecord(layer)[key]) ?? value, otherwise)
}

export function asRecord(value: unknown): Record<string, unknown> {
  return isRecord(value) ? value : {}
}

export function asNumber(value: unknown): number | undefined {
  return typeof value === 'number' && !Number.isNaN(value) ? value : undefined
}

export type Path = PropertyKey[]

export interface Entry {
  path: Path
  entry: Record<string, unknown>
  /** Its supervisor. */
  above: Record<string, unknown> | null
}
