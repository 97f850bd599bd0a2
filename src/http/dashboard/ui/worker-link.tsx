/** A worker by its id, and the way to all that is known of it. */
import { href, pathOf } from '../routing/router.js'

export function WorkerLink({ id }: { id: string }) {
  return (
    <a class="name" href={href(pathOf('workers', id))}>
      {id}
    </a>
  )
}
