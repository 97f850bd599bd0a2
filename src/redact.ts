/**
 * Removes secrets from everything that is written: logs, failures, events. It replaces values wherever they appear, so a key in a
 * provider's error message is caught too. Loaded in every thread, so it has no imports.
 */

/** The replacement of a secret. */
const mark = '[redacted]'

/** Shorter values found in an input are not redacted: that could remove every "true" from the log. */
const shortest = 6

/** Words that make a value secret, anywhere in its name. */
const secretWords = new Set(
  'apikey apikeys token secret secrets password passwords passwd passphrase authorization credential credentials bearer'.split(' '),
)

/** Replaces secrets in a text. Never throws. */
export type Redactor = (text: string) => string

/**
 * Makes a redactor. Without secrets it costs nothing; otherwise a text without secrets costs one scan.
 *
 * @param secrets values to redact, of any length
 * @param inputs values searched by {@link findSecrets}
 * @example
 * createRedactor([], [{ apiKey: 'sk-12345' }])('refused: sk-12345') // 'refused: [redacted]'
 */
export function createRedactor(secrets: readonly string[], inputs: readonly unknown[] = []): Redactor {
  const values = new Set([...secrets, ...inputs.flatMap(findSecrets)].filter((value) => value !== '').flatMap(spellings))
  if (values.size === 0) return (text) => text
  const pattern = new RegExp([...values].map((value) => value.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')).join('|'))
  return (text) => (pattern.test(text) ? strike(text, values) : text)
}

/**
 * Plain data with every text passed through `redact`, names too. Data without secrets is returned unchanged, as the same object.
 * Never throws.
 */
export function redactAll<T>(data: T, redact: Redactor, depth = 0): T {
  if (typeof data === 'string') return redact(data) as T
  // Deeper than any data that drover makes.
  if (typeof data !== 'object' || data === null || depth > 50) return data
  let changed = false
  const clean = Object.entries(data).map(([name, value]) => {
    const own: [string, unknown] = [Array.isArray(data) ? name : redact(name), redactAll(value, redact, depth + 1)]
    changed ||= own[0] !== name || own[1] !== value
    return own
  })
  if (!changed) return data
  return (Array.isArray(data) ? clean.map(([, value]) => value) : Object.fromEntries(clean)) as T
}

/**
 * The secrets in a worker's input: strings of 6 characters and more under a name such as apiKey, api_key, token, secret,
 * password, authorization, credential or key, in any case and at any depth, including all strings within such a value. `tokens`
 * is not such a name: in an annotation pipeline it holds text. Never throws.
 */
export function findSecrets(input: unknown): string[] {
  const found = new Set<string>()
  const seen = new Map<object, boolean>()
  const open: { value: unknown; secret: boolean }[] = [{ value: input, secret: false }]
  for (let next = open.pop(); next; next = open.pop()) {
    const { value, secret } = next
    if (typeof value === 'string' && secret) {
      for (const part of [value, value.replace(/^(bearer|basic|token|apikey)\s+/i, '')]) if (part.length >= shortest) found.add(part)
    }
    // A value that was first found under a harmless name is searched again under a secret one.
    if (typeof value !== 'object' || value === null || seen.get(value) === true || seen.get(value) === secret) continue
    seen.set(value, secret)
    for (const [name, child] of childrenOf(value)) open.push({ value: child, secret: secret || isSecretName(name) })
  }
  return [...found]
}

/** Whether a value with this name is taken for a secret. */
export function isSecretName(name: string): boolean {
  const words = name
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replace(/([A-Z])([A-Z][a-z])/g, '$1_$2')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
  const last = words.at(-1)
  return words.some((word) => secretWords.has(word)) || last === 'key' || last === 'keys'
}

function childrenOf(value: object): [name: string, child: unknown][] {
  try {
    if (ArrayBuffer.isView(value)) return []
    if (value instanceof Map) return [...value].map(([name, child]) => [String(name), child])
    if (value instanceof Set) return [...value].map((child) => ['', child])
    return Object.entries(value)
  } catch {
    return []
  }
}

/** A secret as it is, as written inside JSON, and as written inside a URL. */
function spellings(secret: string): string[] {
  const json = JSON.stringify(secret).slice(1, -1)
  try {
    return [secret, json, encodeURIComponent(secret)]
  } catch {
    // A lone surrogate cannot be encoded in a URL.
    return [secret, json]
  }
}

/** Replaces every part of the text that a secret covers; of overlapping secrets, both are removed completely. */
function strike(text: string, secrets: Iterable<string>): string {
  const hits: [from: number, to: number][] = []
  for (const secret of secrets) {
    for (let at = text.indexOf(secret); at !== -1; at = text.indexOf(secret, at + 1)) hits.push([at, at + secret.length])
  }
  hits.sort((a, b) => a[0] - b[0])
  let result = ''
  let end = 0
  for (const [from, to] of hits) {
    if (from >= end) result += text.slice(end, from) + mark
    end = Math.max(end, to)
  }
  return result + text.slice(end)
}
