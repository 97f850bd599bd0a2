/** The views of what happened. */
export const logPlaces: [path: string, name: string][] = [
  ['/events', 'Events'],
  ['/events/failures', 'Failures'],
  ['/events/blacklist', 'Blacklist'],
]
