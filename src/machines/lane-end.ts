/** A text about the end of a lane without tasks left. */
export function laneEnd({ done, dead, target }: { done: number; dead: number; target: number | null }): string {
  const reached = target !== null && done >= target
  if (dead === 0) return reached ? `its target is reached: ${done} done` : 'all tasks done'
  return `nothing left to do: ${done} done, ${dead} dead`
}
