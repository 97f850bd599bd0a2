/** Addresses within the dashboard: `#/workers/annotator-1%2Furgency?state=running`. Everything that a view shows can be shared as a link. Pure. */
export type Params = Record<string, string>
/** As in the address; a key that comes twice counts once, the last one. */
export type Query = Record<string, string>

export interface Location {
  /** Begins with a slash, as in the address: segments are still encoded. */
  path: string
  query: Query
}

export function parseHash(hash: string): Location {
  const [path = '', search = ''] = hash.replace(/^#/, '').split(/\?(.*)/s)
  return { path: `/${path.replace(/^\/+|\/+$/g, '')}`, query: Object.fromEntries(new URLSearchParams(search)) }
}

/** A link. Parts of the query that are empty or undefined are left out. */
export function href(path: string, query: Record<string, string | number | undefined | null> = {}): string {
  const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== null && value !== '')
  const search = new URLSearchParams(given.map(([key, value]): [string, string] => [key, String(value)])).toString()
  return `#${path}${search ? `?${search}` : ''}`
}

/** A path of segments that may hold anything, slashes too. */
export const pathOf = (...segments: string[]): string => segments.map((segment) => `/${encodeURIComponent(segment)}`).join('')

/** What `:name` segments of a pattern stand for; null if the path is another one. */
export function match(pattern: string, path: string): Params | null {
  const wanted = pattern.split('/')
  const given = path.split('/')
  if (wanted.length !== given.length) return null
  const params: Params = {}
  for (const [at, segment] of wanted.entries()) {
    const part = given[at] ?? ''
    if (!segment.startsWith(':')) {
      if (segment !== part) return null
      continue
    }
    if (part === '') return null
    try {
      params[segment.slice(1)] = decodeURIComponent(part)
    } catch {
      return null
    }
  }
  return params
}
