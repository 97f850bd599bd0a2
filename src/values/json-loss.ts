/**
 * What JSON would lose of a value without a word: a Map becomes `{}`, NaN becomes null, a function is left out. Loaded in every
 * thread, and called for each result and item: a value that is all right costs little more than a look at its parts.
 */
import { cut, describe } from './describe.js'
import { deepestJson } from './json-depth.js'
import { messageOf } from './plain.js'
import { isPlain } from './plain-object.js'

export const keptByJson =
  'allowed are texts, finite numbers, true, false, null, lists, objects by their fields, and what has toJSON (a Date)'

/** Where the lost part is, innermost name first, and what it is. */
interface Loss {
  path: (string | number)[]
  what: string
}

const longestPath = 300

/**
 * @returns the first part of a value that JSON does not keep, such as `labels[2].score is NaN`; null if it keeps all. A property
 * that is undefined counts as absent
 * @throws what the value's own code throws
 */
export function lossIn(value: unknown): string | null {
  const loss = find(value, 0)
  return loss === null ? null : `${pathText(loss.path)} is ${loss.what}`
}

/** Why a value cannot be written as JSON at all, given what that threw: a BigInt is found, a circle is told by its error. */
export function whyNotJson(value: unknown, thrown: unknown): string {
  try {
    const loss = lossIn(value)
    if (loss !== null) return `${loss}; ${keptByJson}`
  } catch {
    // Its own code throws, which is what was thrown.
  }
  return messageOf(thrown)
}

function find(value: unknown, depth: number): Loss | null {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return null
    case 'number':
      return Number.isFinite(value) ? null : lost(String(value))
    case 'object':
      return value === null ? null : inObject(value, depth)
    case 'undefined':
      return lost('undefined')
    case 'bigint':
      // Some programs give it a JSON form.
      return typeof (value as { toJSON?: unknown }).toJSON === 'function' ? null : lost(`a BigInt (${describe(value)})`)
    default:
      return lost(describe(value))
  }
}

function inObject(value: object, depth: number): Loss | null {
  // Nested too deep, or in a circle: that is another error.
  if (depth > deepestJson) return null
  if (Array.isArray(value)) return inList(value, depth)
  if (ArrayBuffer.isView(value)) return lost(describe(value))
  const { toJSON } = value as { toJSON?: unknown }
  if (typeof toJSON !== 'function') return inFields(value, depth)
  if (value instanceof Date && Number.isNaN(value.getTime())) return lost('an invalid Date')
  const form: unknown = toJSON.call(value, '')
  if (typeof form !== 'object' || form === null) return find(form, depth)
  return Array.isArray(form) ? inList(form, depth) : inFields(form, depth)
}

function inList(list: readonly unknown[], depth: number): Loss | null {
  for (let at = 0; at < list.length; at++) {
    const loss = find(list[at], depth + 1)
    if (loss) return within(loss, at)
  }
  return null
}

function inFields(value: object, depth: number): Loss | null {
  const names = Object.keys(value)
  if (!isPlain(value) && (names.length === 0 || isContainer(value))) return lost(describe(value))
  for (const name of names) {
    const field = (value as Record<string, unknown>)[name]
    if (field === undefined) continue
    const loss = find(field, depth + 1)
    if (loss) return within(loss, name)
  }
  return null
}

/** Its contents are elsewhere than in its fields. */
function isContainer(value: object): boolean {
  return value instanceof Map || value instanceof Set || value instanceof Error
}

function lost(what: string): Loss {
  return { path: [], what }
}

function within(loss: Loss, name: string | number): Loss {
  loss.path.push(name)
  return loss
}

function pathText(path: readonly (string | number)[]): string {
  if (path.length === 0) return 'it'
  let text = ''
  for (const name of [...path].reverse()) {
    if (typeof name === 'number') text += `[${name}]`
    else text += /^[\w$]+$/.test(name) ? `${text === '' ? '' : '.'}${cut(name)}` : `[${JSON.stringify(cut(name))}]`
    if (text.length > longestPath) return `${text}...`
  }
  return text
}
