// A small service: node notes.js PORT FILE. Where BUG is set it answers before it has written, and forgets what is left to
// write when it is stopped.
const http = require('http'), fs = require('fs')
const [port, file] = process.argv.slice(2)
const notes = new Map(fs.existsSync(file) ? fs.readFileSync(file, 'utf8').split('\n').filter(Boolean).map(l => JSON.parse(l)) : [])
let late = [], stopping = false
const flush = () => { const lines = late.splice(0); if (lines.length) fs.appendFileSync(file, lines.join('')) }
const server = http.createServer((q, a) => {
  let body = ''
  q.on('data', d => body += d).on('end', () => {
    const reply = (status, v) => {
      a.writeHead(status, { 'Content-Type': 'application/json', ...(stopping ? { Connection: 'close' } : {}) })
      a.end(JSON.stringify(v))
    }
    const key = decodeURIComponent(q.url.slice('/notes/'.length))
    if (q.url === '/') return reply(200, 'notes')
    if (q.url === '/slow') return setTimeout(() => reply(200, 'slow'), 30)
    if (q.url === '/events') {
      a.writeHead(200, { 'Content-Type': 'text/event-stream' })
      const timer = setInterval(() => a.write('data: tick\n\n'), 20)
      streams.add(a)
      return a.on('close', () => { clearInterval(timer); streams.delete(a) })
    }
    if (q.url === '/search?q=one') return reply(200, [...notes.keys()].filter(k => k.includes('one')).length)
    if (q.url.startsWith('/notes/') && q.method === 'PUT') {
      notes.set(key, JSON.parse(body))
      late.push(JSON.stringify([key, notes.get(key)]) + '\n')
      if (!process.env.BUG) flush()
      return reply(200, { key })
    }
    if (q.url.startsWith('/notes/') && q.method === 'DELETE') return reply(notes.delete(key) ? 200 : 404, {})
    if (q.url.startsWith('/notes/') && notes.has(key)) return reply(200, notes.get(key))
    reply(404, {})
  })
})
const streams = new Set()
const timer = setInterval(flush, 700)
process.on('SIGTERM', () => {
  stopping = true
  clearInterval(timer)
  for (const a of streams) a.end()
  server.close()
  server.closeIdleConnections()
})
server.listen(port, '127.0.0.1')
