/** A partial in which undefined means the same as a missing option. */
export type Given<T> = { [Key in keyof T]?: T[Key] | undefined }

/** The defaults, overridden by each layer in turn. Keys without a default are left out. */
export function filled<T extends object>(base: T, ...layers: (Given<T> | undefined)[]): T {
  const result = Object.assign({}, base)
  for (const layer of layers) {
    for (const key of Object.keys(base) as (keyof T)[]) {
      const value = layer?.[key]
      if (value !== undefined) result[key] = value
    }
  }
  return result
}

/** The options without undefined ones. */
export function given<T extends object>(options: Given<T> | undefined): Partial<T> {
  return Object.fromEntries(Object.entries(options ?? {}).filter(([, value]) => value !== undefined)) as Partial<T>
}
