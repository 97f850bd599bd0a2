/**
 * The state of a supervisor:
 * - `up`: its children run normally
 * - `restarting`: stops, in reverse order, the children that restart with a failed one; none starts meanwhile
 * - `stopping`: gives up or shuts down, and stops its children
 * - `down`: gave up or shut down; is up again when one of its workers is started
 */
export type SupervisorState = 'up' | 'restarting' | 'stopping' | 'down'
