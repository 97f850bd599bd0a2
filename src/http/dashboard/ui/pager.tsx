/** Pages of a list. With cursors only the way on is known; the first page is a step away. */
import { number, plural } from '../format.js'
import { Button } from './button.js'

/** Pages of a list that is all here. @param page from 0 */
export function Pager({
  page,
  size,
  total,
  onPage,
  what,
}: {
  page: number
  size: number
  total: number
  onPage: (page: number) => void
  what: string
}) {
  const pages = Math.max(1, Math.ceil(total / size))
  return (
    <nav class="pager" aria-label={`Pages of ${what}s`}>
      <span class="muted num">
        {plural(total, what)}
        {pages > 1 && ` · page ${number(page + 1)} of ${number(pages)}`}
      </span>
      {pages > 1 && (
        <span class="row">
          <Button disabled={page === 0} onClick={() => onPage(page - 1)}>
            Previous
          </Button>
          <Button disabled={page >= pages - 1} onClick={() => onPage(page + 1)}>
            Next
          </Button>
        </span>
      )}
    </nav>
  )
}

/** Pages of a list that the server has. @param next the cursor of the next one; null at the end */
export function CursorPager({
  first,
  next,
  onPage,
  what,
}: {
  first: boolean
  next: string | null
  onPage: (after: string | null) => void
  what: string
}) {
  if (first && next === null) return null
  return (
    <nav class="pager" aria-label={`Pages of ${what}s`}>
      <span />
      <span class="row">
        <Button disabled={first} onClick={() => onPage(null)}>
          First page
        </Button>
        <Button disabled={next === null} onClick={() => onPage(next)}>
          Next
        </Button>
      </span>
    </nav>
  )
}
