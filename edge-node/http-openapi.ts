import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { FastifyInstance } from 'fastify'

const DESCRIPTION = join(__dirname, '../docs/reference/openapi.json')

/** The description of this API for programs, as `npm run docs` made it. */
export function openApiRoutes(app: FastifyInstance): void {
  app.get('/openapi.json', async (_request, reply) =>
    reply.type('application/json').send(await readFile(DESCRIPTION, 'utf8')),
  )
}
