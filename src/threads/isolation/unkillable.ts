/**
 * Node.js waits for all threads when the process ends, so it would wait for ever for a thread that cannot be ended. If such a
 * thread is left at the exit, the process kills itself with SIGKILL, which its parent sees.
 */
let left = 0
let installed = false

/** Counts a thread that could not be ended. The returned function uncounts it, once it has ended after all. */
export function endDespite(): () => void {
  left++
  if (!installed) {
    installed = true
    // Registered last, so that other exit handlers run first.
    process.on('exit', (code) => {
      if (left === 0) return
      process.stderr.write(`drover: ${left} threads cannot be ended; the process is killed instead of ending with code ${code}\n`)
      process.kill(process.pid, 'SIGKILL')
    })
  }
  return () => {
    left--
  }
}
