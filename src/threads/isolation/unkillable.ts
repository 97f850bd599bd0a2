/**
 * Node.js waits for all its threads when the process ends, and would wait for ever for one that cannot be ended. So if such a thread is
 * left when everything else is over, the process ends by SIGKILL: there is no other way, and whoever waits for it gets to know.
 */
let left = 0
let installed = false

/** Counts a thread that could not be ended; the answer takes it back, once it has ended after all. */
export function endDespite(): () => void {
  left++
  if (!installed) {
    installed = true
    // Last, so that others at the exit of the process have had their turn.
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
