/** A schema for readers: a short type, and a list of an object's fields. */
import { html } from 'hono/html'
import type { HtmlEscapedString } from 'hono/utils/html'
import type { Schema } from './model.js'

export type Html = HtmlEscapedString | Promise<HtmlEscapedString>

const nameOf = ({ $ref = '' }: Schema): string => $ref.split('/').at(-1) ?? ''

/** In a few words, with links to the schemas that have a name. */
export function typeHtml(schema: Schema): Html {
  if (schema.$ref) return html`<a href="#schema-${nameOf(schema)}">${nameOf(schema)}</a>`
  if ('const' in schema) return html`${JSON.stringify(schema.const)}`
  if (schema.enum) return html`${schema.enum.map((value) => JSON.stringify(value)).join(' | ')}`
  const choices = schema.anyOf ?? schema.oneOf
  if (choices) return html`${joined(choices, ' | ')}`
  if (schema.allOf) return html`${joined(schema.allOf, ' & ')}`
  if (schema.type === 'array') return html`list of ${typeHtml(schema.items ?? {})}${limits(schema)}`
  if (schema.type === 'object' && typeof schema.additionalProperties === 'object' && !schema.properties) {
    return html`object of ${typeHtml(schema.additionalProperties)}`
  }
  return html`${[schema.type ?? 'anything'].flat().join(' | ')}${limits(schema)}`
}

function joined(schemas: readonly Schema[], by: string): Html[] {
  return schemas.map((each, index) => html`${index > 0 ? by : ''}${typeHtml(each)}`)
}

function limits({ minimum, maximum, minLength, maxLength, minItems, maxItems, default: otherwise }: Schema): string {
  const span = (min: number | undefined, max: number | undefined, unit: string): string[] => {
    if (min === undefined && max === undefined) return []
    if (max === undefined) return [`at least ${min}${unit}`]
    return [min === undefined ? `at most ${max}${unit}` : `${min} to ${max}${unit}`]
  }
  const said = [
    ...span(minimum, maximum, ''),
    ...span(minLength, maxLength, ' characters'),
    ...span(minItems, maxItems, ' items'),
    ...(otherwise === undefined ? [] : [`otherwise ${JSON.stringify(otherwise)}`]),
  ]
  return said.length > 0 ? ` (${said.join(', ')})` : ''
}

/** The fields, level by level; named schemas are only linked. */
export function schemaHtml(schema: Schema): Html {
  const { properties, required = [] } = schema
  const inner = schema.type === 'array' ? schema.items : schema
  if (inner !== schema && inner?.properties) return html`<p>A list of objects:</p>${schemaHtml(inner)}`
  const choices = (schema.anyOf ?? schema.oneOf)?.filter((each) => each.properties)
  if (choices && choices.length > 0) return html`<p>One of:</p>${choices.map((each) => schemaHtml(each))}`
  if (!properties) return html`<p><code>${typeHtml(schema)}</code></p>`
  return html`<ul class="fields">${Object.entries(properties).map(
    ([name, each]) => html`<li>
      <code class="name">${name}</code>${required.includes(name) ? '' : html` <em>optional</em>`}
      <code>${typeHtml(each)}</code>${each.description ? html` <span>${each.description}</span>` : ''}${nestedHtml(each)}
    </li>`,
  )}</ul>`
}

function nestedHtml(schema: Schema): Html | '' {
  const objects = [schema, schema.items ?? {}, ...(schema.anyOf ?? [])].filter((each) => each.properties)
  return objects.length > 0 ? html`${objects.map((each) => schemaHtml(each))}` : ''
}
