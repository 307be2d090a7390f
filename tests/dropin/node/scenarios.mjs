// Programs that use the official JavaScript client. The Python tests that run these
// scenarios check the results.

// Calls a method of the client. Returns the parts of the reply, and the error if any.
export async function call(client, { method, request }) {
  const parts = []
  try {
    const reply = await client[method](request)
    for await (const part of request.stream ? reply : [reply]) parts.push(part)
  } catch (error) {
    const { name, message, status_code: status } = error
    return { parts, error: { name, message, status } }
  }
  return { parts }
}

// Aborts a stream after its first part. The program goes on, so only abort() ends the
// request.
export async function abort(client, { request, by }) {
  const parts = await client.chat({ ...request, stream: true })
  let errorName
  try {
    for await (const part of parts) ({ iterator: parts, client })[by].abort()
  } catch (error) {
    errorName = error.name
  }
  await client.version()
  return errorName
}

export async function models(client, { model }) {
  const shown = await client.show({ model })
  const loaded = await client.generate({ model, prompt: '', keep_alive: '10m' })
  const { models: running } = await client.ps()
  const unloaded = await client.generate({ model, prompt: '', keep_alive: 0 })
  const { models: left } = await client.ps()
  return {
    version: (await client.version()).version,
    capabilities: shown.capabilities,
    context_length: shown.model_info['gptoss.context_length'],
    reasons: [loaded.done_reason, unloaded.done_reason],
    running: running.map((entry) => [entry.model, Date.parse(entry.expires_at) > Date.now()]),
    left: left.map((entry) => entry.model),
  }
}

export async function derivedModels(client, { model, from, system, prompt }) {
  const statuses = []
  for await (const part of await client.create({ model, from, system, stream: true })) {
    statuses.push(part.status)
  }
  const again = await client.create({ model, from, system, parameters: { seed: 1 } })
  const shown = await client.show({ model })
  const copied = await client.copy({ source: model, destination: `${model}:copy` })
  const answer = await client.generate({ model: `${model}:copy`, prompt })
  const listed = (await client.list()).models.map((entry) => entry.name)
  const deleted = await client.delete({ model: `${model}:copy` })
  await client.delete({ model })
  return { statuses, again, shown, copied, answer, listed, deleted }
}
