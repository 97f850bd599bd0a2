/** Waiting for something to come about, with a deadline that says for what. */
import { hangMs } from '../../support/hang.js'

/** @param seen what there was until then, for the message */
export async function within<T>(what: string, promise: Promise<T>, seen: () => unknown = () => undefined): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`it hangs: ${what}; seen: ${JSON.stringify(seen())}`)), hangMs)
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}
