import type { Role, StatusOptions } from './options.js'

/** The options with their defaults filled in. */
export type CompiledStatusOptions = Required<Omit<StatusOptions, 'token' | 'readToken' | 'authorize' | 'modules'>> &
  Pick<StatusOptions, 'token' | 'readToken' | 'authorize'> & {
    /** URLs of the modules, by how they were written. */
    modules: ReadonlyMap<string, string>
  }

/** The caller of an accepted request. */
export interface Caller {
  role: Role
  /** For the audit: `token`, `session ab12cd`, `local`, `user Ada`, or `application`. Never a secret. */
  who: string
  /** The user's name, if the application gave it. */
  name: string | null
  /** The address it came from. */
  from: string
  /** For a session: aborts when it ends. */
  ended?: AbortSignal
}

// A type, not an interface, because hono's Env needs an index signature.
export type Env = {
  Variables: {
    caller: Caller
    /** Where the app is mounted: empty, or a path such as `/drover`. */
    mount: string
  }
}
