/** Numbers in texts for people. */

const grouped = new Intl.NumberFormat('en', { maximumFractionDigits: 1 })

/** `12,345.6` */
export const number = (value: number): string => grouped.format(value)

/** `1 task`, `2,379 tasks`. @param many if it is not `one` with an s */
export const plural = (n: number, one: string, many = `${one}s`): string => `${number(n)} ${n === 1 ? one : many}`
