/**
 * The reference: the OpenAPI document as one page. It is made on the server: it needs no network and no script, so that it works
 * under the strictest content security policy.
 */
import { html } from 'hono/html'
import { curlFor } from './curl.js'
import type { Document, OpenApiDocument, Operation, Parameter } from './model.js'
import { type Html, schemaHtml, typeHtml } from './schema-html.js'

interface Entry {
  method: string
  path: string
  operation: Operation
}

export function referencePage(document: OpenApiDocument): Html {
  const { info, tags, paths, components, servers } = document as unknown as Document
  const entries = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]): Entry => ({ method: method.toUpperCase(), path, operation })),
  )
  const groups = tags.map((tag) => ({ ...tag, entries: entries.filter(({ operation }) => operation.tags?.includes(tag.name)) }))
  const schemas = Object.entries(components.schemas ?? {})
  const base = servers[0]?.url ?? '/'
  return html`<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>${info.title} API ${info.version}</title>
    <link rel="stylesheet" href="reference.css" />
  </head>
  <body>
    <a class="skip" href="#content">Skip to the content</a>
    <nav aria-label="Operations">
      ${groups.map(
        (group) => html`<h2>${group.name}</h2>
          <ul>
            ${group.entries.map(({ operation, method }) => html`<li><a href="#${operation.operationId}"><small>${method}</small> ${operation.summary}</a></li>`)}
          </ul>`,
      )}
      <h2>Schemas</h2>
      <ul>
        ${schemas.map(([name]) => html`<li><a href="#schema-${name}">${name}</a></li>`)}
      </ul>
    </nav>
    <main id="content">
      <h1>${info.title} API <small>${info.version}</small></h1>
      ${info.description.split('\n\n').map((each) => html`<p>${prose(each)}</p>`)}
      <p><a href="openapi.json">The OpenAPI 3.1 document</a></p>
      ${groups.map(
        (group) => html`<h2>${group.name}</h2>
          ${group.description ? html`<p>${prose(group.description)}</p>` : ''} ${group.entries.map((entry) => operationHtml(entry, base))}`,
      )}
      <h2>Schemas</h2>
      ${schemas.map(([name, schema]) => html`<section id="schema-${name}"><h3>${name}</h3>${schemaHtml(schema)}</section>`)}
    </main>
  </body>
</html>`
}

function operationHtml({ method, path, operation }: Entry, base: string): Html {
  const { operationId, summary, description, parameters = [], requestBody, responses } = operation
  const body = Object.values(requestBody?.content ?? {})[0]?.schema
  return html`<section id="${operationId}">
    <h3>${summary}</h3>
    <p class="call"><strong class="${method.toLowerCase()}">${method}</strong> <code>${path}</code></p>
    ${description ? html`<p>${prose(description)}</p>` : ''} ${parameters.length > 0 ? parametersHtml(parameters) : ''}
    ${body ? html`<h4>Body</h4>${schemaHtml(body)}` : ''}
    <h4>Answers</h4>
    <dl>
      ${Object.entries(responses).map(([status, { description: said, content = {} }]) => {
        const [type, media] = Object.entries(content)[0] ?? []
        const shown = media?.schema && type ? html`<small>${type}</small> ${schemaHtml(media.schema)}` : ''
        return html`<dt>${status}</dt><dd>${said}${Number(status) < 300 ? shown : ''}</dd>`
      })}
    </dl>
    <h4>Example</h4>
    <pre tabindex="0"><code>${curlFor(method, path, operation, base)}</code></pre>
  </section>`
}

function parametersHtml(parameters: readonly Parameter[]): Html {
  return html`<h4>Parameters</h4>
    <table>
      <thead><tr><th scope="col">Name</th><th scope="col">In</th><th scope="col">Type</th><th scope="col">Meaning</th></tr></thead>
      <tbody>
        ${parameters.map(
          ({ name, in: place, required, schema = {}, description }) => html`<tr>
            <th scope="row"><code>${name}</code>${required ? ' *' : ''}</th>
            <td>${place}</td>
            <td><code>${typeHtml(schema)}</code></td>
            <td>${description ?? schema.description ?? ''}</td>
          </tr>`,
        )}
      </tbody>
    </table>`
}

/** Text in which backquotes mark code. */
function prose(text: string): Html[] {
  return text.split('`').map((part, index) => (index % 2 === 1 ? html`<code>${part}</code>` : html`${part}`))
}
