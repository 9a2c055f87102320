// Node's own HTTP server, without a handler; with "close" it stops by server.close(), with "idle" it closes
// idle connections first.
const http = require('http');
const server = http.createServer((request, response) => setTimeout(() => response.end('ok'), request.url === '/slow' ? 150 : 0));
server.listen(process.env.PORT, '127.0.0.1');
if (process.argv[2] === 'close') process.on('SIGTERM', () => server.close());
if (process.argv[2] === 'idle') process.on('SIGTERM', () => { server.closeIdleConnections(); server.close(); });
