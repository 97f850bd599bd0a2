/** Parts of every view: heading, cards, facts, and placeholders. */
import type { ComponentChildren } from 'preact'
import { useEffect, useId } from 'preact/hooks'

/** A view: its only h1, and what stands beside it. */
export function Page({ title, aside, children }: { title: string; aside?: ComponentChildren; children: ComponentChildren }) {
  useEffect(() => {
    document.title = `${title} · drover`
  }, [title])
  return (
    <>
      <header class="page-head">
        <h1>{title}</h1>
        {aside && <div class="row">{aside}</div>}
      </header>
      {children}
    </>
  )
}

export function Card({ title, aside, children }: { title: string; aside?: ComponentChildren; children: ComponentChildren }) {
  const id = useId()
  return (
    <section class="card" aria-labelledby={id}>
      <header>
        <h2 id={id}>{title}</h2>
        {aside && <div class="row">{aside}</div>}
      </header>
      {children}
    </section>
  )
}

/** Names and values. Pairs whose value is null or undefined are left out. */
export function Facts({ of }: { of: [name: string, value: ComponentChildren][] }) {
  return (
    <dl class="facts">
      {of.map(([name, value]) =>
        value == null ? null : (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ),
      )}
    </dl>
  )
}

export function Empty({ children }: { children: ComponentChildren }) {
  return <p class="empty">{children}</p>
}

/** What came of asking, while there is nothing better to show. */
export function Pending({ error, what }: { error: Error | null; what: string }) {
  if (error) return <p class="problem">{`Could not load ${what}: ${error.message}`}</p>
  return (
    <p class="empty" aria-busy="true">
      Loading {what} …
    </p>
  )
}
