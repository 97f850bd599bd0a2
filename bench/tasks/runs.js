// @ts-check
/** The contenders, each as a function that runs one round in a process of its own. */
import { inChild } from '../support/child.js'

/** @typedef {{ perSecond: number, seconds: number, cpuMicros?: number }} Run `cpuMicros`: of all threads of the process, for each task */
/** @typedef {Run & { tenths: [number, number, number] }} RunWithTenths */
/** @typedef {RunWithTenths & { loadedPerSecond: number, worstLagMs: number }} DroverFigures */

/** @returns {Promise<DroverFigures>} */
export const runDrover = (/** @type {import('./drover.js').DroverRun} */ run) => inChild(new URL('./drover.js', import.meta.url), run)

/** @returns {Promise<RunWithTenths>} */
export const runOneThread = (/** @type {Omit<import('./one-thread.js').OneThreadRun, 'folder'>} */ run) =>
  inChild(new URL('./one-thread.ts', import.meta.url), run)

/** @returns {Promise<Run>} */
export const runBull = (/** @type {import('./bullmq.js').BullRun} */ run) => inChild(new URL('./bullmq.js', import.meta.url), run)

/** @returns {Promise<Run>} */
export const runEcho = (/** @type {import('./echo.js').EchoRun} */ run) => inChild(new URL('./echo.js', import.meta.url), run)
