/** The ids of a worker's instances: the threads that share its lane. An id that a user gives has no `#`. */

/** `annotator-1/urgency#1` and so on. */
export function instanceIds(worker: string, instances: number): string[] {
  return Array.from({ length: instances }, (_, index) => `${worker}#${index + 1}`)
}

/** The id of the worker that this one is an instance of; else its own. */
export function workerOf(id: string): string {
  const cut = id.lastIndexOf('#')
  return cut === -1 ? id : id.slice(0, cut)
}

/** Whether it is one of several threads of a worker. */
export function isInstance(id: string): boolean {
  return id.includes('#')
}
