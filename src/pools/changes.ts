/** Waits for a change after which a condition holds. */
import { patientTimeout } from '../time/patient-timer.js'

export class Changes {
  #told: () => void = () => {}

  tell(): void {
    this.#told()
  }

  /** Resolves when the condition holds, or after this time (ms). One wait at a time. */
  until(condition: () => boolean, ms: number): Promise<void> {
    if (condition()) return Promise.resolve()
    return new Promise((resolve) => {
      const end = (): void => {
        callOff()
        this.#told = () => {}
        resolve()
      }
      const callOff = patientTimeout(end, ms)
      this.#told = () => condition() && end()
    })
  }
}
