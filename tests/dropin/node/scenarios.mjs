// What programs do with the official JavaScript client. The tests that play these look
// at the results; nothing is judged here.

import { Ollama } from 'ollama'

const user = (content, more = {}) => ({ role: 'user', content, ...more })

const weather = {
  type: 'function',
  function: {
    name: 'get_weather',
    description: 'Forecast the weather.',
    parameters: {
      type: 'object',
      required: ['city'],
      properties: { city: { type: 'string' }, days: { type: 'integer' } },
    },
  },
}

// A streamed reply as one message, as chat programs put it together.
async function whole(parts) {
  const message = { role: 'assistant', content: '', thinking: '', tool_calls: [] }
  for await (const { message: part } of parts) {
    message.content += part.content
    message.thinking += part.thinking ?? ''
    message.tool_calls.push(...(part.tool_calls ?? []))
  }
  return message
}

async function failure(promise) {
  try {
    await promise
  } catch (error) {
    return { name: error.name, message: error.message, status: error.status_code }
  }
}

export async function models(client, { model }) {
  const shown = await client.show({ model })
  const loaded = await client.generate({ model, prompt: '', keep_alive: '10m' })
  const { models: running } = await client.ps()
  const unloaded = await client.generate({ model, prompt: '', keep_alive: 0 })
  const { models: left } = await client.ps()
  return {
    version: (await client.version()).version,
    listed: (await client.list()).models.map((entry) => entry.model),
    capabilities: shown.capabilities,
    context_length: shown.model_info['gptoss.context_length'],
    reasons: [loaded.done_reason, unloaded.done_reason],
    running: running.map((entry) => [entry.model, Date.parse(entry.expires_at) > Date.now()]),
    left: left.map((entry) => entry.model),
  }
}

export async function tools(client, { model, prompt, result }) {
  const messages = [user(prompt)]
  const ask = async () =>
    whole(await client.chat({ model, messages, tools: [weather], stream: true }))
  const first = await ask()
  messages.push(first)
  for (const call of first.tool_calls) {
    messages.push({ role: 'tool', content: result, tool_name: call.function.name })
  }
  return { first, second: await ask() }
}

export async function picture(client, { model, base64 }) {
  const bytes = Uint8Array.from(Buffer.from(base64, 'base64'))
  const messages = [user('What?', { images: [bytes] })]
  const chat = await whole(await client.chat({ model, messages, stream: true }))
  const generate = await client.generate({ model, prompt: 'What?', images: [base64] })
  return [chat.content, generate.response]
}

export async function schema(client, { model, prompt, format }) {
  const messages = [user(prompt)]
  const chat = await client.chat({ model, messages, format })
  const parts = await client.chat({ model, messages, format, stream: true })
  return [chat.message.content, (await whole(parts)).content]
}

export async function thinking(client, { model, think }) {
  const parts = await client.chat({ model, messages: [user('Hello')], think, stream: true })
  return whole(parts)
}

export async function generate(client, { model, prompts }) {
  let context
  const responses = []
  for (const prompt of prompts) {
    let response = ''
    for await (const part of await client.generate({ model, prompt, context, stream: true })) {
      response += part.response
      context = part.context ?? context
    }
    responses.push(response)
  }
  return responses
}

// Leaves after the first part; the program goes on, so that only abort() can end it.
export async function abort(client, { model, prompt, by }) {
  const parts = await client.chat({ model, messages: [user(prompt)], stream: true })
  let told = ''
  const error = await failure(
    (async () => {
      for await (const part of parts) {
        told += part.message.content
        ;({ iterator: parts, client })[by].abort()
      }
    })(),
  )
  await client.version()
  return { told, error: error?.name }
}

export async function failing(client, { call, request }) {
  const told = []
  const error = await failure(
    (async () => {
      const reply = await client[call](request)
      for await (const part of request.stream ? reply : [reply]) told.push(part)
    })(),
  )
  return { told, error }
}

// Makes a model at one server and uses it at another.
export async function ownModels(client, { other, model, from, system, prompt }) {
  const elsewhere = new Ollama({ host: other })
  const statuses = []
  for await (const part of await client.create({ model, from, system, stream: true })) {
    statuses.push(part.status)
  }
  const again = await client.create({ model, from, system, parameters: { seed: 1 } })
  const shown = await elsewhere.show({ model })
  const copied = await elsewhere.copy({ source: model, destination: `${model}:copy` })
  const answer = await client.generate({ model: `${model}:copy`, prompt })
  const listed = (await client.list()).models.map((entry) => entry.name)
  const deleted = await client.delete({ model: `${model}:copy` })
  const missing = await failure(elsewhere.show({ model: `${model}:copy` }))
  await elsewhere.delete({ model })
  return { statuses, again, shown, copied, answer, listed, deleted, missing }
}
