/** A partial whose options may also be given as undefined, which is the same as not given. */
export type Given<T> = { [Key in keyof T]?: T[Key] | undefined }

/** The defaults with what the layers give laid over them, later ones on top; keys that have no default are left out. */
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

/** Without what is undefined. */
export function given<T extends object>(options: Given<T> | undefined): Partial<T> {
  return Object.fromEntries(Object.entries(options ?? {}).filter(([, value]) => value !== undefined)) as Partial<T>
}
