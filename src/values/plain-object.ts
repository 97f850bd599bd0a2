/** Whether it is an object whose own names are all that it has to say. Throws what a proxy throws. */
export function isPlain(given: unknown): given is object {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) return false
  const maker: unknown = Object.getPrototypeOf(given)
  // That of another realm is another object, and has nothing above it either.
  return maker === null || Object.getPrototypeOf(maker) === null
}
