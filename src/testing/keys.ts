/** The key of a request: its state, its project, and a name that is safe to show. */
import type { IncomingHttpHeaders } from 'node:http'
import type { FakeProviderOptions } from './options.js'

/** What a key is to the provider. `label` is safe to show. */
export interface KeyHolder {
  state: 'known' | 'missing' | 'unknown' | 'retired'
  label: string
  project: string
}

const defaultProject = 'default'

/** The key as the official clients send it: a bearer, Gemini's and Anthropic's headers, Gemini's `?key=`. */
export function keyOf(headers: IncomingHttpHeaders, url: URL): string | null {
  const bearer = headers.authorization?.match(/^bearer +(\S+)$/i)?.[1]
  const own = [headers['x-goog-api-key'], headers['x-api-key']].find((value) => typeof value === 'string' && value !== '')
  return bearer ?? (own as string | undefined) ?? (url.searchParams.get('key') || null)
}

/** The last four characters, of a key that has enough others to hide. */
export function masked(key: string): string {
  return key.length >= 8 ? `...${key.slice(-4)}` : '...'
}

export class Keys {
  /** null: every key is known. */
  readonly #known: ReadonlyMap<string, string> | null
  readonly #retired = new Set<string>()
  /** Names of keys that were not given as an option. */
  readonly #labels = new Map<string, string>()
  readonly #taken = new Set<string>()

  constructor(keys: FakeProviderOptions['keys']) {
    if (keys === undefined) this.#known = null
    else if (isList(keys)) this.#known = new Map(keys.map((key) => [key, defaultProject]))
    else this.#known = new Map(Object.entries(keys).map(([key, { project = defaultProject }]) => [key, project]))
  }

  holder(key: string | null): KeyHolder {
    if (key === null) return { state: 'missing', label: 'none', project: 'none' }
    const project = this.#known ? this.#known.get(key) : defaultProject
    if (project === undefined) return { state: 'unknown', label: masked(key), project: 'none' }
    return { state: this.#retired.has(key) ? 'retired' : 'known', label: this.labelOf(key), project }
  }

  /** The name of a key: itself if it was given as an option, else {@link masked}, numbered where two would be the same. A name is its own name. */
  labelOf(key: string): string {
    if (this.#known?.has(key) || this.#taken.has(key)) return key
    if (this.#known) return masked(key)
    let label = this.#labels.get(key)
    if (label === undefined) {
      const base = masked(key)
      label = base
      for (let number = 2; this.#taken.has(label); number++) label = `${base}#${number}`
      this.#labels.set(key, label)
      this.#taken.add(label)
    }
    return label
  }

  retire(key: string): void {
    this.#retired.add(key)
  }

  /** Ends all retirements. */
  reset(): void {
    this.#retired.clear()
  }
}

function isList(keys: NonNullable<FakeProviderOptions['keys']>): keys is readonly string[] {
  return Array.isArray(keys)
}
