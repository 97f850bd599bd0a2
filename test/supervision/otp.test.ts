import { test } from 'uvu'
import { otpCases } from './otp-cases.js'

for (const { name, run } of otpCases) test(`OTP's ${name}`, run)

test.run()
