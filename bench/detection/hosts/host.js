// @ts-check
/** What the hosts share: each is started with its settings, runs until it is told to end, and is killed if it does not. */
import { once } from 'node:events'

/**
 * @template {object} Settings
 * @param {(settings: Settings, restarted: boolean) => Promise<void | (() => Promise<unknown>)>} begin may answer with what has to be done
 *   at the end: only where something outlives the process
 */
export async function host(begin) {
  const end = await begin(JSON.parse(process.env.DETECTION_SETTINGS ?? '{}'), process.env.DETECTION_RESTARTED === '1')
  await once(process, 'message')
  await end?.()
  process.kill(process.pid, 'SIGKILL')
}
