/** A task by its key, and the way to all that is known of it. */
import { href, pathOf } from '../routing/router.js'

export function TaskLink({ task: { dataset, key } }: { task: { dataset: string; key: string } }) {
  return (
    <a class="name" href={href(pathOf('tasks', dataset, key))}>
      {key}
    </a>
  )
}
