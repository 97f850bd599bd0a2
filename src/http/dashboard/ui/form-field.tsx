/** Fields of a form that is read when it is sent, described as data. */
import { useId } from 'preact/hooks'

export interface FormField {
  name: string
  label: string
  /** `long`: several lines. @defaultValue 'text' */
  type?: 'text' | 'long' | 'number' | 'checkbox'
  /** To choose from, in place of typing: each `[value, text]`, or a text that is its own value. */
  choices?: readonly (string | readonly [value: string, text: string])[]
  /** What it begins with. */
  value?: string | number | boolean
  /** Whether it may not stay empty. @defaultValue false */
  required?: boolean
  min?: number
  max?: number
  /** @defaultValue 1 */
  step?: number | 'any'
  hint?: string
}

export function FormFields({ fields, onInput }: { fields: readonly FormField[]; onInput?: (value: string) => void }) {
  return (
    <>
      {fields.map((field) => (
        <One key={field.name} field={field} onInput={onInput} />
      ))}
    </>
  )
}

function One({ field, onInput }: { field: FormField; onInput: ((value: string) => void) | undefined }) {
  const { name, label, type = 'text', choices, value = '', hint, ...limits } = field
  const id = useId()
  const shared = { id, name, 'aria-describedby': hint ? `${id}-hint` : undefined }
  return (
    <div class={type === 'checkbox' ? 'field box' : 'field'}>
      <label for={id}>{label}</label>
      {choices ? (
        <select {...shared}>
          {choices.map((choice) => {
            const [key, text] = typeof choice === 'string' ? [choice, choice] : choice
            return (
              <option key={key} value={key} selected={key === String(value)}>
                {text}
              </option>
            )
          })}
        </select>
      ) : type === 'checkbox' ? (
        <input {...shared} type="checkbox" defaultChecked={value === true} />
      ) : type === 'long' ? (
        <textarea {...shared} rows={3} defaultValue={String(value)} autocomplete="off" spellcheck={false} />
      ) : (
        <input
          {...shared}
          {...limits}
          // One type of many would want a list of choices.
          type={type as 'text'}
          defaultValue={String(value)}
          autocomplete="off"
          spellcheck={false}
          onInput={onInput && ((event) => onInput(event.currentTarget.value))}
        />
      )}
      {hint && (
        <span id={`${id}-hint`} class="hint">
          {hint}
        </span>
      )}
    </div>
  )
}
