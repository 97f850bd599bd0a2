/** The options that were given: those that are undefined are left out, as `exactOptionalPropertyTypes` wants it. */
export function given<Options extends object>(options: Options): { [Key in keyof Options]: Exclude<Options[Key], undefined> } {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as never
}
