// Runs one scenario: `node run.mjs <name> <host>`, its input as JSON on standard input.
// Prints its result as JSON.

import { text } from 'node:stream/consumers'
import { Ollama } from 'ollama'
import * as scenarios from './scenarios.mjs'

const [name, host] = process.argv.slice(2)
const input = JSON.parse(await text(process.stdin))
const result = await scenarios[name](new Ollama({ host }), input)
console.log(JSON.stringify(result))
