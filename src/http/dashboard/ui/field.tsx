/** Things to fill in, each with its label. */
import type { ComponentChildren } from 'preact'
import { useId } from 'preact/hooks'

interface FieldProps {
  label: string
  value: string
  onChange: (value: string) => void
  hint?: ComponentChildren
}

export function TextField({
  label,
  value,
  onChange,
  hint,
  type = 'text',
  autoFocus,
  required,
  ...rest
}: FieldProps & {
  type?: 'text' | 'search' | 'password' | 'number'
  autoFocus?: boolean
  required?: boolean
  min?: number
  max?: number
  placeholder?: string
  autoComplete?: string
}) {
  const id = useId()
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <input
        {...rest}
        id={id}
        type={type as 'text'}
        value={value}
        required={required ?? false}
        // biome-ignore lint/a11y/noAutofocus: of a dialog's or the login's only field
        autoFocus={autoFocus ?? false}
        spellcheck={false}
        aria-describedby={hint ? `${id}-hint` : undefined}
        onInput={(event) => onChange(event.currentTarget.value)}
      />
      {hint && (
        <span id={`${id}-hint`} class="hint">
          {hint}
        </span>
      )}
    </div>
  )
}

/** @param options each `[value, text]`, or a text that is its own value */
export function SelectField({
  label,
  value,
  onChange,
  options,
}: FieldProps & { options: readonly (string | [value: string, text: string])[] }) {
  const id = useId()
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <select id={id} value={value} onChange={(event) => onChange(event.currentTarget.value)}>
        {options.map((option) => {
          const [key, text] = typeof option === 'string' ? [option, option] : option
          return (
            <option key={key} value={key}>
              {text}
            </option>
          )
        })}
      </select>
    </div>
  )
}
