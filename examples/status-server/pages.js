// @ts-check
/** Two plain pages. `html` escapes all that it is given. */
import { html } from 'hono/html'

const page = (/** @type {string} */ title, /** @type {unknown} */ body) =>
  html`<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${title}</title></head><body><h1>${title}</h1>${body}</body></html>`

export const loginPage = (/** @type {{ failed: boolean }} */ { failed }) =>
  page(
    'Log in',
    html`${failed ? html`<p role="alert">Name or password is wrong.</p>` : ''}
      <form method="post">
        <label>Name <input name="name" autocomplete="username" required></label>
        <label>Password <input name="password" type="password" autocomplete="current-password" required></label>
        <button>Log in</button>
      </form>`,
  )

/** @typedef {{ key: string, domain: string, value: unknown }} Label */

export const messagesPage = (/** @type {{ user: import('./users.js').User | undefined, labels: Label[] }} */ { user, labels }) =>
  page(
    'Messages',
    html`<p>${user?.name}, <a href="/drover/">see the workers</a></p>
      <form method="post" action="/messages"><label>Message <input name="text" required></label><button>Send</button></form>
      <ul>${labels.map(({ key, domain, value }) => html`<li>${key.slice(0, 8)}, ${domain}: ${JSON.stringify(value)}</li>`)}</ul>
      <form method="post" action="/logout"><button>Log out</button></form>`,
  )
