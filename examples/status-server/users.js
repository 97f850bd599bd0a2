// @ts-check
/** Who may log in, and what each may do. A real application asks its database; here passwords are made up at the start and printed. */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'

/**
 * @typedef {object} User
 * @property {string} name
 * @property {string} password
 * @property {import('drover/http').Role} role what the status server lets them do
 * @property {string} may the same in words
 */

const digest = (/** @type {string} */ text) => createHash('sha256').update(text).digest()

export function createUsers() {
  /** @type {User[]} */
  const users = [
    { name: 'ada', role: 'control', may: 'looks and controls' },
    { name: 'lin', role: 'read', may: 'only looks' },
  ].map((user) => /** @type {User} */ ({ ...user, password: randomBytes(9).toString('base64url') }))
  return {
    all: () => users,
    /** @returns {User | undefined} */
    byName: (/** @type {string | false | undefined} */ name) => users.find((user) => user.name === name),
    /** @returns {User | undefined} */
    check(/** @type {string} */ name, /** @type {string} */ password) {
      const user = users.find((each) => each.name === name)
      return user && timingSafeEqual(digest(user.password), digest(password)) ? user : undefined
    },
  }
}
