/** Compiles only where two types are the same; `any` is the same as nothing else. */
export function same<A, B>(..._: Same<A, B> extends true ? [] : [expected: B, found: A]): void {}

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
