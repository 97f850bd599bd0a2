/** The flavors by name. */
import type { FlavorName } from '../options.js'
import type { Flavor } from './flavor.js'
import { geminiFlavor } from './gemini.js'
import { groqFlavor } from './groq.js'
import { openaiFlavor, openaiQuotaFlavor } from './openai.js'

const flavors: Record<FlavorName, Flavor> = { openai: openaiFlavor, groq: groqFlavor, gemini: geminiFlavor }

export function flavorOf(name: FlavorName, insufficientQuota: boolean): Flavor {
  return name === 'openai' && insufficientQuota ? openaiQuotaFlavor : flavors[name]
}
