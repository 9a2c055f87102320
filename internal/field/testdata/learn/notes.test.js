// The tests of notes.js: node --test notes.test.js.
const test = require('node:test'), assert = require('node:assert'), base = process.env.BASE_URL
test('notes', async () => {
  assert.equal((await fetch(base + '/')).status, 200)
  assert.equal((await fetch(base + '/slow')).status, 200)
  assert.equal((await fetch(base + '/search?q=one')).status, 200)
  const put = await fetch(base + '/notes/my-one', { method: 'PUT', body: JSON.stringify({ text: 'buy some milk', tags: ['a'] }) })
  assert.equal(put.status, 200)
  assert.equal((await (await fetch(base + '/notes/my-one')).json()).text, 'buy some milk')
  assert.equal((await fetch(base + '/notes/my-one', { method: 'DELETE' })).status, 200)
  assert.equal((await fetch(base + '/notes/my-one')).status, 404)
})
test('events', async () => {
  const reader = (await fetch(base + '/events')).body.getReader()
  assert.match(Buffer.from((await reader.read()).value).toString(), /tick/)
  await reader.cancel()
})
