import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import fastifyStatic from '@fastify/static'
import type { FastifyInstance } from 'fastify'

const DESCRIPTION = join(__dirname, '../../docs/reference/openapi.json')

/** The description of this API for programs, as `npm run docs` made it. */
export function openApiRoutes(app: FastifyInstance): void {
  app.get('/openapi.json', async (_request, reply) =>
    reply.type('application/json').send(await readFile(DESCRIPTION, 'utf8')),
  )
}

/** Where `npm run dashboard` puts the page. */
export const DASHBOARD_FOLDER = join(__dirname, '../../dashboard/dist')

const FOR_GOOD = 'public, max-age=31536000, immutable' // names of assets contain a hash of what is in them
const ASK_AGAIN = 'no-cache'
const NOT_BUILT =
  'The dashboard was not built: run npm run dashboard, and load this page again.\nAll that it shows is at /v1/status.\n'

/** Serves the built page at `/`. Where there is none, says how to build it; the API does not need it. */
export function dashboardRoutes(app: FastifyInstance, folder = DASHBOARD_FOLDER): void {
  void app.register(fastifyStatic, {
    root: folder,
    index: false,
    cacheControl: false,
    preCompressed: true,
    setHeaders: (response, path) => {
      response.setHeader('cache-control', /[\\/]assets[\\/]/.test(path) ? FOR_GOOD : ASK_AGAIN)
    },
  })
  app.get('/', (_request, reply) => {
    if (existsSync(join(folder, 'index.html'))) return reply.sendFile('index.html')
    return reply.code(503).type('text/plain; charset=utf-8').send(NOT_BUILT)
  })
}
