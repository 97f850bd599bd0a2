/** What is no structure of plain data: it stays as it is. */
type Whole = string | number | bigint | boolean | symbol | null | undefined | URL | ((...args: never[]) => unknown)

/** The type of a value that is only read: also one made with `as const`, whose lists are readonly at every depth. */
export type ReadonlyDeep<T> = unknown extends T ? T : T extends Whole ? T : { readonly [Key in keyof T]: ReadonlyDeep<T[Key]> }
